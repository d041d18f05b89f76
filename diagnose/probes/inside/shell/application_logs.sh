# "places PORT FOLDER…" prints the programs that listen on a port (or a Unix socket's path), their services,
# and the files in which they log, with their sizes; the folders are those of the site's files.
# "read SECONDS UNIT PATH SIZE…" prints what was written since: the journal of the unit ("-": none) since
# this time, and each file from this size on.
# shellcheck disable=SC2012
#   (SC2012: the names in /proc are numbers.)

files_of() {
  ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.* \([0-9]*\) -> \(\/.*\)$/\1 \2/p' |
    while read -r fd path; do
      case $path in /dev/* | /proc/* | *' (deleted)') continue ;; esac
      case $fd:$path in [12]:* | *:*log* | *:*.out | *:*.err) [ -f "$path" ] && echo "$path" ;; esac
    done
}
folder_logs() {
  for f in "$1"/*.log "$1"/log/*.log "$1"/logs/*.log "$1"/storage/logs/*.log "$1"/var/log/*.log \
    "$1"/wp-content/debug.log; do [ -f "$f" ] && echo "$f"; done
}
case $1 in
  places)
    port=$2; shift 2
    case $port in /*) all=$(ss -Hlxp | grep -F " $port ") ;; *) all=$(ss -Hltnp "sport = :$port") ;; esac
    pids=$(echo "$all" | grep -o 'pid=[0-9]*' | cut -c5- | sort -nu | head -n 3)
    for pid in $pids; do
      unit=$(sed -n 's/.*\/\([^/]*\.service\)$/\1/p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
      echo "process $pid ${unit:--} $(cat "/proc/$pid/comm" 2>/dev/null)"
    done
    {
      for pid in $pids; do
        files_of "$pid"
        case $(readlink "/proc/$pid/fd/2") in
          pipe:*) up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
            [ "${up:-1}" -gt 1 ] && files_of "$up" ;;
        esac
        at=$(readlink "/proc/$pid/cwd") && [ "$at" != / ] && folder_logs "$at"
      done
      for at; do folder_logs "$at"; folder_logs "${at%/*}"; done
    } 2>/dev/null | grep -v '/nginx/' | awk '!n[$0]++' | head -n 12 |
      while read -r path; do echo "file $(stat -Lc %s "$path") $path"; done
    ;;
  read)
    since=$2 unit=$3; shift 3
    sleep 0.3
    if [ "$unit" != - ]; then
      echo "@@@ journal"
      journalctl -u "$unit" --since "$since" -n 60 -o cat --no-pager 2>/dev/null | head -c 16000
    fi
    while [ $# -gt 1 ]; do
      echo; echo "@@@ $1"; tail -c "+$(($2 + 1))" "$1" 2>/dev/null | head -c 16000; shift 2
    done
    ;;
esac
:
