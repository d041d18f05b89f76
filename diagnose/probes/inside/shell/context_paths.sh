# Prints what says below which path the Java programs on port $1 serve: the lines about a context path
# in their arguments, their environment and their settings (application.properties, application.yml,
# beside the program and in its jar; Spring Boot, "External Application Properties"), and "webapp
# NAME" for what Tomcat serves. No other line of a file is printed.

about() { tr '\0' '\n' | grep -aiE 'context[-_]?path' | head -n 5; }
read_zip='
import fnmatch, sys, zipfile
jar = zipfile.ZipFile(sys.argv[1])
for name in fnmatch.filter(jar.namelist(), sys.argv[2])[:8]:
    sys.stdout.buffer.write(jar.open(name).read(65536))
'
names='application*.properties application*.yml application*.yaml'
for p in $(ss -Hltnp "sport = :$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 2); do
  case $(cat "/proc/$p/comm") in java*|jsvc*) ;; *) continue ;; esac
  about <"/proc/$p/cmdline"
  about <"/proc/$p/environ"
  for d in "/proc/$p/cwd" "/proc/$p/cwd/config"; do
    for n in $names; do
      for f in "$d"/$n; do [ -f "$f" ] && head -c 65536 "$f" | about; done
    done
  done
  arguments=$(tr '\0' '\n' <"/proc/$p/cmdline")
  jar=$(echo "$arguments" | grep -m 1 -A 1 -x -e -jar | sed 1d)
  case $jar in ''|/*) ;; *) jar=/proc/$p/cwd/$jar ;; esac
  if [ -f "$jar" ]; then
    for n in $names; do
      if command -v unzip >/dev/null; then unzip -p "$jar" "BOOT-INF/classes/$n"
      elif command -v python3 >/dev/null; then python3 -c "$read_zip" "$jar" "BOOT-INF/classes/$n"
      fi | head -c 65536 | about
    done
  fi
  base=$(echo "$arguments" | sed -n 's/^-Dcatalina\.base=//p' | head -n 1)
  [ -z "$base" ] || for f in "/proc/$p/root$base"/webapps/*; do
    case $f in *.war) ;; *) [ -d "$f" ] ;; esac && echo "webapp ${f##*/}"
  done | head -n 20
done 2>/dev/null
:
