# Prints the ends of logs of a container, as error_logs.sh does: see there. $1 and $2 are the engine and
# the container, "" if none is known; the rest are paths, and "stderr" for what nginx writes there. An
# engine keeps what the main process writes to its output. nginx writes the time of the container, which
# is UTC unless its image or TZ says otherwise.
# shellcheck disable=SC2154
#   (SC2154: pid, root and real are set before this text.)
engine=$1 name=$2; shift 2
zone=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^TZ=:*//p' | head -n 1)
case $zone in
  ''|*[!A-Za-z0-9_/+-]*|*..*) zone=UTC0; [ -f "$root/etc/localtime" ] && [ ! -L "$root/etc/localtime" ] && zone=":$root/etc/localtime"
    link=$(readlink "$root/etc/localtime"); link=${link#*/zoneinfo/}
    case $link in ''|/*|*..*|*[!A-Za-z0-9_/+-]*) ;; *) zone=$link ;; esac ;;
esac
TZ=$zone date '+now %s %Y/%m/%d %H:%M:%S %N'
output() {
  [ "$engine" ] || { echo special; return; }
  # In place of a size, which is not known: older lines may have been left out.
  echo "log output"
  "$engine" logs --tail 1000 "$name" 2>&1 | tail -c 65536 | sed 's/^/ /'; echo
}
for f; do
  if [ "$f" = stderr ]; then output; continue; fi
  if ! in_root "$f"; then
    case $real in /dev/stderr|/dev/stdout|/proc/*/fd/*) output ;; *) echo missing ;; esac
    continue
  fi
  if [ ! -e "$root$real" ]; then echo missing
  elif [ ! -f "$root$real" ]; then echo special
  elif ! command exec 3<"$root$real" || ! own_file; then echo denied
  else
    echo "log $(stat -L -c %s /proc/self/fd/3 2>/dev/null)"
    tail -c 65536 <&3 | sed 's/^/ /'; echo
    exec 3<&-
  fi
done 2>/dev/null; :
