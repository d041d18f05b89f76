# Prints what changed after a connection failed: captured SYNs, counters, half-open connections,
# queues and who holds them. Each part follows a line "@ name" (diagnose/parsers/linux/kernel.py).
# Arguments: the port, the seconds of capture (0: none), the text of packet_watcher.pl, and the
# maximum number of SYNs.

port=$1 watch=$2 watcher=$3 most=$4
clock() { read -r up _ </proc/uptime && echo "clock: $1 $up"; }

# capture: uses tcpdump or, if it is missing, perl, which any Debian and most other systems have.
# Both print "listening on" first: without it nothing was captured. The capture ends with the
# script, by its process id. In pcap-filter(7), "and" and "or" have equal precedence.
capture() {
  f="(tcp dst port $port and tcp[13]&18=2) or (ip6[6]=6 and ip6[42:2]=$port and ip6[53]&18=2)"
  if command -v tcpdump >/dev/null; then
    tcpdump -n -l -p -t -i any -c "$most" "$f" 2>&1 &
  elif command -v perl >/dev/null; then perl -e "$watcher" "$port" "$most" &
  else echo "cannot: no tcpdump"
  fi
  p=$!; [ -n "$p" ] && { sleep "$watch"; kill "$p"; wait "$p"; }
}

# The server's own clock gives the start and end of the capture: on a busy machine, or after another
# command, it may start seconds after the request.
echo "@ watch"; clock began
if [ "$watch" = 0 ]; then :
elif [ "$(id -u)" != 0 ]; then echo "cannot: needs root"
else
  capture 2>/dev/null | while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in *"listening on "*) clock awake ;; esac
  done
  clock ended
fi
echo "@ files"
grep -sH . /proc/net/netstat /proc/net/stat/nf_conntrack /proc/sys/net/netfilter/nf_conntrack_count
[ -e /proc/net/stat/nf_conntrack ] && [ ! -r /proc/net/stat/nf_conntrack ] && echo "@ denied"
echo "@ half-open"; ss -tn state syn-recv "sport = :$port" 2>/dev/null
echo "@ queues"; ss -ltn 2>/dev/null || grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null
echo "@ holders"
for p in $(ss -ltnp "sport = :$port" 2>/dev/null |
  grep -o ',\(pid=\)\{0,1\}[0-9]*,' | tr -dc '0-9\n'); do
  cat "/proc/$p/stat" 2>/dev/null
done
echo "@ end"; clock end
:
