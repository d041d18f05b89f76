# Prints what the programs on a port or a Unix socket ($2) wrote in the last $1 seconds. First
# "process NAME", and for each log "source COMMAND" and its lines, each of which follows a space. Logs
# are the journal of the unit or the cgroup (systemd.journal-fields(7)), and files: those that the
# program or its parent has open, and the new ones below its folder, without those that the program
# has open which runs this script: they hold its own words. A file may hold old lines: the
# rest of the arguments is a command that repeats the request, and what is added to it is printed;
# without one it is the last line of each. Of a container that publishes the port, or that has the name or
# address in "=HOST NETWORK…", it is what its engine keeps ("docker logs"); named_container.sh comes before this.

now=$(date +%s) age=$1 at=$2
shift 2
# A program that crashes on each request is started again in a moment.
for t in 0.3 0.5 0; do
  case $at in
    =*) break ;;
    /*) l=$(ss -Hlxp src "$at") ;;
    *) l=$(ss -Hltnp "sport = :$at") ;;
  esac 2>/dev/null
  [ -z "$l" ] || break
  sleep "$t"
done
show() { tail -c 65536 | tail -n 600 | sed 's/^/ /'; }
size() { stat -L -c %s -- "$1"; }
is_log() {
  case $1 in *access*|*.gz*|*.aof*|*.db*|*.sqlite*) return 1 ;; esac
  case $1 in
    /*log*|/*.out|/*.err|/*output*|/*stdout*|/*stderr*|*/error*) ;;
    *) echo "$appended" | grep -qxF -e "$1" || return 1 ;;
  esac
  [ -f "$1" ] && [ $((now - $(stat -L -c %Y -- "$1"))) -le "$age" ]
}
# What a program opens to append to (O_APPEND, open(2)) is mostly a log, whatever its name is.
appended_by() {
  grep -l '^flags:.*[2367]...$' "/proc/$1"/fdinfo/* | sed 's|/fdinfo/|/fd/|' | head -n 60 |
    while read -r f; do readlink "$f"; done
}
# The programs that read what this one writes: pm2, `| tee`, rotatelogs, multilog.
readers() {
  for n in 1 2; do readlink "/proc/$1/fd/$n"; done | sed -n 's/^pipe:\[\([0-9]*\)\]$/\1/p' | sort -u |
    while read -r i; do find /proc/[0-9]*/fd -lname "pipe:\[$i\]"; done | cut -d/ -f3 | sort -u |
    grep -vx "$1" | head -n 3
}
candidates() {
  d=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status")
  for f in "/proc/$1"/fd/* $([ "$d" -gt 1 ] && echo "/proc/$d/fd/"*) $others; do readlink "$f"; done
  d=$(readlink "/proc/$1/cwd")
  [ "$d" = / ] || find "$d" -xdev -maxdepth 4 -name node_modules -prune -o -name '*.log' \
    -mmin -1 -print | head -n 3
  # PHP and others write beside the folder that the web server serves (`folder`).
  [ -z "$folder" ] || find "$folder" -xdev -maxdepth 4 '(' -name node_modules -o -name vendor -o -name .git ')' -prune \
    -o -name '*.log' -mmin -10 -print | head -n 3
  # PHP opens the file of `error_log` anew for each line, whoever has it.
  case $(cat "/proc/$1/comm") in php*fpm*)
    sed -n 's/^[[:space:]]*\(php_[a-z_]*\[\)\{0,1\}error_log\]\{0,1\}[[:space:]]*=[[:space:]]*"\{0,1\}\(\/[^";[:space:]]*\).*/\2/p' \
      /etc/php/*/fpm/php.ini /etc/php/*/fpm/pool.d/*.conf /etc/php.ini /etc/php-fpm.d/*.conf | head -n 4 ;;
  esac
  # A program that opens its log anew for each line mostly has a folder or a file of its name, or of
  # its unit's: that of the process, or of the script or the module (`-m`) that it runs.
  { echo "${2%.service}"; cat "/proc/$1/comm"; tr '\0' '\n' <"/proc/$1/cmdline" | head -n 3; } |
    sed 's|.*/||; s|\.[a-z]*$||' | grep -xE '[A-Za-z][A-Za-z0-9_.@-]{2,60}' | sort -u | while read -r n; do
    find /var/log/"$n" /var/log/"$n".log -maxdepth 1 -type f -mmin -1 | head -n 3
  done
}
own=$(for f in "/proc/$PPID"/fd/*; do readlink "$f"; done 2>/dev/null)
files=
for p in $(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 4); do
  echo "process $(cat "/proc/$p/comm")"
  c=$(sed -n 's/^0:://p' "/proc/$p/cgroup" | head -n 1)
  case $c in
    /user.slice/*) q="_SYSTEMD_CGROUP=$c"; echo "source journalctl $q" ;;
    *.service) q="_SYSTEMD_UNIT=${c##*/}"; echo "source journalctl -u ${c##*/}" ;;
    *) q= ;;
  esac
  others=$(for r in $(readers "$p"); do echo "/proc/$r/fd/"*; done)
  appended=$(for r in "/proc/$p/fd" $others; do r=${r#/proc/}; echo "${r%%/*}"; done | sort -u |
    while read -r r; do appended_by "$r"; done)
  [ -z "$q" ] || journalctl "$q" --since "@$((now - age))" -n 600 -o cat --no-pager | show
  files="$files
$(candidates "$p" "${c##*/}" | sort -u | grep -vxF -e "$own" | head -n 200 | while read -r f; do is_log "$f" && echo "$(size "$f") $f"; done)"
done 2>/dev/null
# A container that publishes the port: its engine has what it writes.
case $l in
  ''|*'"docker-proxy"'*|*'"rootlessport'*|*'"conmon"'*)
    for e in docker podman; do
      command -v "$e" || continue
      case $at in
        =*) named "$e" ;;
        *) "$e" ps --filter "publish=$at" --format '{{.Names}}' | head -n 1 ;;
      esac | while read -r n; do
        echo "process $n"; echo "source $e logs $n"
        [ $# = 0 ] || "$@"
        "$e" logs --since "${age}s" --tail 600 "$n" 2>&1 | show
      done
    done 2>/dev/null | grep -e '^ ' -e '^process ' -e '^source ' ;;
esac
files=$(echo "$files" | grep . | sort -u | head -n 6)
[ -n "$files" ] || exit 0
# Without a request, the last line alone is surely of this time. Who can see otherwise whether a
# line still holds gets more of them (`lines`).
if [ $# = 0 ]; then
  echo "$files" | while read -r _ f; do
    echo "source tail -n 50 $f"; tail -c "$((2048 * ${lines:-1}))" -- "$f" | tail -n "${lines:-1}" | show
  done 2>/dev/null
  exit 0
fi
"$@" >/dev/null 2>&1
sleep 0.3
echo "$files" | while read -r s f; do
  echo "source tail -n 50 $f"
  [ "$(size "$f")" -gt "$s" ] && tail -c "+$((s + 1))" -- "$f" | show
done 2>/dev/null
:
