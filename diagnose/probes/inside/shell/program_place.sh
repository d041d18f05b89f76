# Prints what the program on a port or a Unix socket ($1) is and where it lives, or that of the one running
# container which has the name or address in "=HOST NETWORK…" (of these networks, if any), or that of the first
# program with an argument that begins with "@WORD": "process PID NAME",
# "folder PATH", "words ARGUMENTS", "unit NAME", "unitfile PATH", "container ENGINE NAME", "image NAME",
# "mount INSIDE OUTSIDE", "gateway ADDRESS", "compose FILES", "service NAME", "project NAME", "started SECONDS", and of its environment the
# variables that the other arguments name: "variable NAME=VALUE". Nothing else of it is printed.
# Of a program that is no service of systemd also what program_starter.sh prints of it, which comes before this, as
# named_container.sh does.

at=$1
shift
case $at in
  =*) l= ;;
  @*) l=$(grep -lz "^${at#@}" /proc/[0-9]*/cmdline | sed 's/[^0-9]//g; s/^/pid=/') ;;
  /*) l=$(ss -Hlxp src "$at") ;;
  *) l=$(ss -Hltnp "sport = :$at") ;;
esac 2>/dev/null
names=$(printf '%s|' "$@")
place() {
  echo "process $1 $(cat "/proc/$1/comm")"
  echo "folder $(readlink "/proc/$1/cwd")"
  b=$(($(date +%s) - $(cut -d. -f1 /proc/uptime)))
  echo "started $((b + $(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20) / $(getconf CLK_TCK || echo 100)))"
  printf 'words '
  head -c 4096 "/proc/$1/cmdline" | tr '\n\0' ' \n' | head -n 60 | tr '\n' '\037'
  echo
  [ -z "${names%|}" ] || head -c 131072 "/proc/$1/environ" | tr '\n\0' ' \n' | grep -E "^(${names%|})=" | sed 's/^/variable /' | cut -c 1-600
}
for p in $(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 2); do
  case $(cat "/proc/$p/comm") in docker-proxy|rootlessport|conmon) continue ;; esac
  place "$p"
  u=$(sed -n 's|^0::.*/\([^/]*\.service\)$|\1|p' "/proc/$p/cgroup" | head -n 1)
  is_own "$u" || u=
  if [ -n "$u" ]; then
    echo "unit $u"
    systemctl show -p FragmentPath -p DropInPaths -p EnvironmentFiles -- "$u" |
      sed -E 's/^[A-Za-z]*=//; s/ \(ignore_errors=(yes|no)\)//g' | tr ' ' '\n' | grep '^/' | sort -u |
      head -n 12 | sed 's/^/unitfile /'
  else
    starter "$p"
  fi
  break
done 2>/dev/null
case $l in
  ''|*'"docker-proxy"'*|*'"rootlessport'*|*'"conmon"'*)
    for e in docker podman; do
      command -v "$e" >/dev/null || continue
      case $at in
        =*) n=$(named "$e") ;;
        *) n=$("$e" ps --filter "publish=$at" --format '{{.Names}}' | head -n 1) ;;
      esac
      [ -n "$n" ] || continue
      echo "container $e $n"
      "$e" inspect -f '{{range .Mounts}}mount {{.Destination}} {{.Source}}{{println}}{{end}}{{range .NetworkSettings.Networks}}gateway {{.Gateway}}{{println}}{{end}}image {{.Config.Image}}
compose {{index .Config.Labels "com.docker.compose.project.config_files"}}
service {{index .Config.Labels "com.docker.compose.service"}}
project {{index .Config.Labels "com.docker.compose.project"}}' "$n" | head -n 60
      p=$("$e" inspect -f '{{.State.Pid}}' "$n")
      case $p in ''|0|*[!0-9]*) ;; *) place "$p" ;; esac
      "$e" inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$n" | head -n 200 |
        grep -E "^(${names%|})=" | sed 's/^/variable /' | cut -c 1-600
    done 2>/dev/null ;;
esac
:
