# Prints what says below which path the programs on port $1 serve. "told WORDS": a prefix that their
# arguments or their environment name, and an address with a path in what they wrote when they started
# (the journal of the service, the file of standard output, the log of a container). Of Java programs
# the lines about a context path in their arguments, their environment and their settings
# (application.properties, application.yml, beside the program and in its jar; Spring Boot, "External
# Application Properties"), and "webapp NAME" for what Tomcat serves. No other words are printed, and
# no address with a password or a query.

q="\"'"
key='(context[-_ ]?path|(base|sub|root|public|relative)[-_ ]?(url|uri|path|href)|base[-_ ]?url[-_ ]?path|(url|route|router|path|web)[-_. ]?prefix|script[-_ ]name|[^a-z_-]prefix|--prefix)'
value="[$q ]*[=: ]+[$q ]*(https?://[^/@ $q]{1,100})?/[A-Za-z0-9._~/-]{1,80}"
settings() { grep -aoiE "$key$value" | sed 's/^/told /' | sort -u | head -n 6; }
starting() {
  head -n 400 | grep -aiE 'serv|listen|running|start|availab|local:|ready|prefix|path|sub' |
    grep -avE ' HTTP/|(GET|POST|HEAD) ' | grep -aoiE "$key$value|https?://[^/@ $q]{1,100}:$1/[]A-Za-z0-9._~/{}<>:[-]{1,80}" |
    sed 's/^/told /' | sort -u | head -n 6
}
wrote() {
  u=$(sed -n 's/^0:://p' "/proc/$1/cgroup" | head -n 1)
  u=${u##*/}
  case $u in
    *.service)
      i=$(systemctl show -p InvocationID --value "$u")
      [ -z "$i" ] || journalctl "_SYSTEMD_INVOCATION_ID=$i" -n 2000 -o cat --no-pager ;;
  esac
  f=$(readlink "/proc/$1/fd/1")
  [ ! -f "$f" ] || tail -c 65536 -- "$f"
}
about() { tr '\0' '\n' | grep -aiE 'context[-_]?path|mvc[._]servlet[._]path|webflux[._]base|http[._]root' | head -n 5; }
# The lines of YAML as properties: "spring.mvc.servlet.path=/api". The file itself comes first.
flat() {
  awk '{ print }
    { match($0, /^ */); i = RLENGTH; l = substr($0, i + 1)
      if (l == "" || l ~ /^[#-]/ || l !~ /^[A-Za-z0-9._-]+:/) next
      k = l; sub(/:.*/, "", k); v = l; sub(/^[^:]*: */, "", v)
      while (n && d[n] >= i) n--
      n++; d[n] = i; p[n] = (n > 1 ? p[n - 1] "." : "") k
      if (v != "" && n > 1) print p[n] "=" v }'
}
read_zip='
import fnmatch, sys, zipfile
jar = zipfile.ZipFile(sys.argv[1])
for name in fnmatch.filter(jar.namelist(), sys.argv[2])[:8]:
    sys.stdout.buffer.write(jar.open(name).read(65536))
'
names='application*.properties application*.yml application*.yaml'
l=$(ss -Hltnp "sport = :$1")
case $l in
  ''|*'"docker-proxy"'*|*'"rootlessport'*|*'"conmon"'*)
    for e in docker podman; do
      command -v "$e" >/dev/null || continue
      n=$("$e" ps --filter "publish=$1" --format '{{.Names}}' | head -n 1)
      [ -z "$n" ] || { "$e" inspect -f '{{range .Config.Env}}{{println .}}{{end}}{{.Args}}' "$n" | settings
        "$e" logs "$n" 2>&1 | starting '[0-9]*'; }
    done ;;
esac 2>/dev/null
for p in $(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 2); do
  case $(cat "/proc/$p/comm") in docker-proxy|rootlessport*|conmon) continue ;; esac
  tr '\0' ' ' <"/proc/$p/cmdline" | settings
  tr '\0' '\n' <"/proc/$p/environ" | settings
  wrote "$p" | starting "$1"
  case $(cat "/proc/$p/comm") in java*|jsvc*) ;; *) continue ;; esac
  about <"/proc/$p/cmdline"
  about <"/proc/$p/environ"
  for d in "/proc/$p/cwd" "/proc/$p/cwd/config"; do
    for n in $names; do
      for f in "$d"/$n; do [ -f "$f" ] && head -c 65536 "$f" | flat | about; done
    done
  done
  arguments=$(tr '\0' '\n' <"/proc/$p/cmdline")
  jar=$(echo "$arguments" | grep -m 1 -A 1 -x -e -jar | sed 1d)
  case $jar in ''|/*) ;; *) jar=/proc/$p/cwd/$jar ;; esac
  if [ -f "$jar" ]; then
    for n in $names; do
      if command -v unzip >/dev/null; then unzip -p "$jar" "BOOT-INF/classes/$n"
      elif command -v python3 >/dev/null; then python3 -c "$read_zip" "$jar" "BOOT-INF/classes/$n"
      fi | head -c 65536 | flat | about
    done
  fi
  base=$(echo "$arguments" | sed -n 's/^-Dcatalina\.base=//p' | head -n 1)
  [ -z "$base" ] || for f in "/proc/$p/root$base"/webapps/*; do
    case $f in *.war) ;; *) [ -d "$f" ] ;; esac && echo "webapp ${f##*/}"
  done | head -n 20
done 2>/dev/null
:
