# Prints the lines of the settings of the program on a port or a Unix socket ($1) that have one of the
# texts in the other arguments: "unit NAME", "container NAME", "file PATH" or "command WORDS", and for
# each line " NUMBER LAST:LINE", where LAST is the number of the last line of that file that sets the
# same name. Settings are the unit and its environment files (systemd.exec(5)), the environment of a
# container, and small files of the program's folder. Nothing else of them is printed.
# "build PROGRAM FOLDER" is a folder whose package.json has a script that builds what is served, and
# " right NUMBER FILE:LINE" is a line of its settings that has the site's own address ($2).

at=$1 own=$2
shift 2
case $at in
  /*) l=$(ss -Hlxp src "$at") ;;
  *) l=$(ss -Hltnp "sport = :$at") ;;
esac 2>/dev/null
search() {
  w=$1 && shift
  for t; do grep -nF -m 5 -e "$t" -- "$w"; done 2>/dev/null | sort -t: -k1,1n -u | head -n 8 | cut -c 1-300 |
    while IFS= read -r r; do
      n=${r%%:*} k=$(printf '%s\n' "${r#*:}" | sed -nE 's/^[[:space:]]*(export +)?"?([A-Za-z0-9_.-]{1,60})"?[[:space:]]*[=:].*/\2/p')
      m=$(grep -nE "^[[:space:]]*(export +)?\"?$(printf '%s' "$k" | sed 's/\./[.]/g')\"?[[:space:]]*[=:]" -- "$w" | tail -n 1 | cut -d: -f1)
      [ -n "$k" ] || m=$n
      printf ' %s %s:%s\n' "$n" "${m:-$n}" "${r#*:}"
    done
}
files() {
  while IFS= read -r f; do
    [ -f "$f" ] || continue
    [ "$(stat -L -c %s -- "$f")" -le 65536 ] || continue
    echo "file $f"
    search "$f" "$@"
  done
}
small() {
  case $1 in ''|/|/root|/home|/usr*|/etc|/var|/tmp) return ;; esac
  find "$1" -xdev -maxdepth 2 \( -name node_modules -o -name .git -o -name vendor -o -name .venv \) -prune -o \
    -type f -size -65k \( -name '*.json' -o -name '*.yml' -o -name '*.yaml' -o -name '*.toml' -o -name '*.env' \
    -o -name '.env*' -o -name '*.ini' -o -name '*.properties' -o -name '*.cfg' -o -name '*.conf' \) \
    ! -name 'package*.json' ! -name '*.lock' ! -name 'composer.json' -print | head -n 40
}
build() {
  grep -qE '"build"[[:space:]]*:' "$1/package.json" || return
  [ "$(stat -L -c %s -- "$1/package.json")" -le 65536 ] || return
  m=npm
  [ -f "$1/yarn.lock" ] && m=yarn
  [ -f "$1/pnpm-lock.yaml" ] && m=pnpm
  echo "build $m $1"
  small "$1" | while IFS= read -r f; do
    grep -nF -m 3 -e "$own" -- "$f" | cut -c 1-300 | while IFS= read -r r; do
      printf ' right %s %s:%s\n' "${r%%:*}" "$f" "${r#*:}"
    done
  done | head -n 8
}
for p in $(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 2); do
  case $(cat "/proc/$p/comm") in docker-proxy|rootlessport|conmon) continue ;; esac
  u=$(sed -n 's|^0::.*/\([^/]*\.service\)$|\1|p' "/proc/$p/cgroup" | head -n 1)
  d=$(readlink "/proc/$p/cwd")
  case $u in user@*) u= ;; esac
  if [ -n "$u" ]; then
    echo "unit $u"
    systemctl show -p FragmentPath -p DropInPaths -p EnvironmentFiles -- "$u" |
      sed -E 's/^[A-Za-z]*=//; s/ \(ignore_errors=(yes|no)\)//g' | tr ' ' '\n' | grep '^/' | sort -u |
      head -n 12 | files "$@"
  fi
  small "$d" | files "$@"
  build "$d"
done 2>/dev/null
case $l in
  ''|*'"docker-proxy"'*|*'"rootlessport'*|*'"conmon"'*)
    for e in docker podman; do
      command -v "$e" >/dev/null || continue
      n=$("$e" ps --filter "publish=$at" --format '{{.Names}}' | head -n 1)
      [ -n "$n" ] || continue
      echo "container $n"
      d=$("$e" inspect -f '{{index .Config.Labels "com.docker.compose.project.working_dir"}}' "$n")
      c=$("$e" inspect -f '{{index .Config.Labels "com.docker.compose.project.config_files"}}' "$n")
      { case $d in /*) small "$d" ;; esac
        echo "$c" | tr ',' '\n' | grep '^/'; } | sort -u | head -n 48 | files "$@"
      echo "command $e inspect $n"
      "$e" inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$n" | head -n 200 | while IFS= read -r r; do
        for t; do case $r in *"$t"*) printf ' 0 0:%.300s\n' "$r"; break ;; esac; done
      done
    done 2>/dev/null ;;
esac
:
