# Prints the programs that listen on the ports and Unix sockets given: "program ENDPOINT PID", and lines
# "=NAME VALUE": its name, when it started (seconds since the epoch), its program and folder (with
# " (deleted)" where they are gone), its service, its command, and the newest of the files that it has read
# when it started. Of one that is no service "=start LINE" with what program_starter.sh prints, which comes before
# this. A program whose parent listens there too is a worker and is left out.

boot=$(sed -n 's/^btime //p' /proc/stat)
# The file that it runs, and what a build leaves: such programs keep the names of the old files.
files() {
  tr '\0' '\n' <"/proc/$1/cmdline" | head -n 12 | while IFS= read -r w; do
    case $w in -*|*[[:space:]]*|'') continue ;; /*) ;; *) w=$2/$w ;; esac
    [ -f "$w" ] && echo "$w"
  done
  for w in .next/BUILD_ID .output/nitro.json .nuxt/nuxt.json build/server/index.js; do
    [ -f "$2/$w" ] && echo "$2/$w"
  done
}
for at; do
  case $at in
    /*) l=$(ss -Hlxp src "$at") ;;
    *) l=$(ss -Hltnp "sport = :$at") ;;
  esac
  pids=$(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 16)
  for p in $pids; do
    up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status")
    echo "$pids" | grep -qx "$up" && continue
    echo "program $at $p"
    d=$(readlink "/proc/$p/cwd")
    t=$(sed 's/^.*) //' "/proc/$p/stat" | cut -d ' ' -f 20)
    t=$((boot + t / 100))
    echo "=name $(cat "/proc/$p/comm")"
    echo "=started $t"
    echo "=exe $(readlink "/proc/$p/exe")"
    echo "=folder $d"
    u=$(sed -n 's|.*/\([^/]*\.service\)\(/.*\)\{0,1\}$|\1|p' "/proc/$p/cgroup" | tail -n 1)
    if is_own "$u"; then echo "=service $u"; else starter "$p" | sed 's/^/=start /'; fi
    echo "=command $(tr '\0\n' '  ' <"/proc/$p/cmdline" | head -c 300)"
    files "$p" "$d" | while IFS= read -r f; do stat -L -c '%Y %n' -- "$f"; done | sort -rn | head -n 1 |
      sed 's/^/=changed /'
  done
done 2>/dev/null
:
