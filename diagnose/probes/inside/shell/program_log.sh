# Prints what the programs on a port or a Unix socket ($2) wrote in the last $1 seconds. For each
# process "process NAME", and for each of its logs "source COMMAND" and the lines after it, each of
# which follows a space. Logs are the journal of its unit or its cgroup (systemd.journal-fields(7)),
# the files that it or its parent has open, and the new logs below its folder.

now=$(date +%s) age=$1
case $2 in
  /*) l=$(ss -Hlxp src "$2") ;;
  *) l=$(ss -Hltnp "sport = :$2") ;;
esac 2>/dev/null
show() { tail -c 16384 | tail -n 150 | sed 's/^/ /'; }
log_file() {
  case $1 in /*log*|/*.out|/*.err|/*output*|/*stdout*|/*stderr*) ;; *) return ;; esac
  case $1 in *access*|*.gz*) return ;; esac
  [ -f "$1" ] && [ $((now - $(stat -L -c %Y -- "$1"))) -le "$age" ] || return
  echo "source tail -n 50 $1"; show < "$1"
}
for p in $(echo "$l" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -un | head -n 4); do
  echo "process $(cat "/proc/$p/comm")"
  c=$(sed -n 's/^0:://p' "/proc/$p/cgroup" | head -n 1)
  case $c in
    /user.slice/*) q="_SYSTEMD_CGROUP=$c" ;;
    *.service) q="_SYSTEMD_UNIT=${c##*/}" ;;
    *) q= ;;
  esac
  if [ -n "$q" ]; then
    case $q in _SYSTEMD_UNIT=*) echo "source journalctl -u ${q#*=}" ;; *) echo "source journalctl $q" ;; esac
    journalctl "$q" --since "@$((now - age))" -n 150 -o cat --no-pager | show
  fi
  d=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status")
  for f in "/proc/$p"/fd/* $([ "$d" -gt 1 ] && echo "/proc/$d/fd/"*); do readlink "$f"; done |
    sort -u | head -n 200 | while read -r f; do log_file "$f"; done
  d=$(readlink "/proc/$p/cwd")
  [ "$d" = / ] || find "$d" -xdev -maxdepth 4 -name node_modules -prune -o -name '*.log' \
    -mmin -1 -print 2>/dev/null | head -n 3 | while read -r f; do log_file "$f"; done
done 2>/dev/null
:
