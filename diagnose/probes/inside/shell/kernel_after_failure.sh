# Prints what changed after a connection failed: captured SYNs, counters, half-open connections,
# queues and who holds them. Each part follows a line "@ name" (diagnose/parsers/linux/kernel.py).
# Arguments: the port, the seconds of capture (0: none), the text of packet_watcher.pl, the maximum
# number of packets, and the text of port_holders.sh.
# shellcheck disable=SC2086
#   (SC2086: $SSH_CONNECTION is four words.)

port=$1 watch=$2 watcher=$3 most=$4 holders=$5
set -- $SSH_CONNECTION; client=$1 cport=$2
clock() { read -r up _ </proc/uptime && echo "clock: $1 $up"; }

# capture: uses tcpdump or, if it is missing, perl, which any Debian and most other systems have.
# Both print "listening on" first: without it nothing was captured. The capture ends with the
# script, by its process id. In pcap-filter(7), "and" and "or" have equal precedence. Captured are
# SYNs to the port, SYN-ACKs and resets from it, ICMP errors, and SYNs that this run has marked by
# their MSS (1025 to 1199). "control: ssh" says that a packet of the SSH session came.
capture() {
  c=
  if command -v tcpdump >/dev/null; then
    f="(tcp dst port $port and tcp[13]&18=2) or (ip6[6]=6 and ip6[42:2]=$port and ip6[53]&18=2)"
    f="$f or (tcp src port $port and tcp[13]&6!=0) or (ip6[6]=6 and ip6[40:2]=$port and ip6[53]&6!=0)"
    f="$f or (tcp[13]&18=2 and tcp[20:2]=0x204 and tcp[22:2]>=1025 and tcp[22:2]<1200)"
    f="$f or (ip6[6]=6 and ip6[53]&18=2 and ip6[60:2]=0x204 and ip6[62:2]>=1025 and ip6[62:2]<1200)"
    f="$f or icmp[0]=3 or (ip6[6]=58 and ip6[40]=1)"
    tcpdump -n -l -p -t -i any -c "$most" "$f" 2>&1 &
    p=$!
    [ -n "$client" ] && {
      tcpdump -n -p -i any -c 1 "src host $client and tcp src port $cport" >/dev/null 2>&1 &
      c=$!
    }
  elif command -v perl >/dev/null; then
    perl -e "$watcher" "$port" "$most" "$client" "$cport" &
    p=$!
  else echo "cannot: no tcpdump"; return
  fi
  sleep "$watch"; kill "$p"; wait "$p"
  # It ends by itself with its first packet.
  if [ -n "$c" ] && ! kill "$c" 2>/dev/null; then wait "$c" && echo "control: ssh"; fi
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
grep -sH . /proc/net/netstat /proc/net/snmp /proc/net/stat/nf_conntrack \
  /proc/sys/net/netfilter/nf_conntrack_count
[ -e /proc/net/stat/nf_conntrack ] && [ ! -r /proc/net/stat/nf_conntrack ] && echo "@ denied"
echo "@ half-open"; ss -tn state syn-recv "sport = :$port" 2>/dev/null
echo "@ queues"; ss -ltn 2>/dev/null || grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null
echo "@ holders"; sh -c "$holders" sh "$port"
echo "@ end"; clock end
:
