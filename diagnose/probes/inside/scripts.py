"""Shell scripts that examine the server's kernel; they write nothing and send nothing.

They are POSIX sh, for dash and busybox too. Each result follows a line "@ name"
(`diagnose.parsers.linux.kernel`); if a tool is missing, its part is empty.
"""

_COUNTERS = (
    "/proc/net/netstat /proc/net/stat/nf_conntrack /proc/sys/net/netfilter/nf_conntrack_count"
)

_SS = "ss -ltn 2>/dev/null || grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null"

# For each address of interfaces with strict reverse-path filtering: would the kernel accept
# packets from a distant visitor, and from the SSH client? The kernel has no such filter for IPv6,
# but a firewalld rule does it, by checking whether the return route uses the interface.
# dash reads byte by byte, and these files return no second byte: the status of `read` is useless.
_ARRIVALS = """
c=/proc/sys/net/ipv4/conf
all=0 own=
read -r all 2>/dev/null <$c/all/rp_filter
six=$(sed -n 's/^IPv6_rpfilter=//p' /etc/firewalld/firewalld.conf 2>/dev/null)
four() {
  for a in $(ip -4 -o addr show dev "$1" 2>/dev/null | sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p'); do
    for s in "$far" $client; do
      case $s in *:*) continue;; esac
      echo "? $s $a $1"; ip route get "$a" from "$s" iif "$1" 2>&1
    done
  done
}
n=0
for f in $c/*/rp_filter; do
  d=${f%/rp_filter}; d=${d##*/}
  case $d in all|default|lo|docker*|veth*|br-*|virbr*|cni*|cali*|dummy*|kube*) continue;; esac
  read -r own 2>/dev/null <"$f"
  [ $((n += 1)) -gt 8 ] && break
  [ "$own" -gt "$all" ] || own=$all
  [ "$own" = 1 ] && four "$d"
  case $six in yes|true|strict) ;; *) continue;; esac
  for a in $(ip -6 -o addr show dev "$d" scope global 2>/dev/null |
    sed -n 's/.* inet6 \\([0-9a-f:]*\\).*/\\1/p'); do
    echo "? $far6 $a $d"; ip -6 route get "$far6" from "$a" 2>&1
  done
done
"""

# Prints the service that owns the port and whether the manager starts it at boot. If a user's
# session started the process (systemd-logind(8)), the service of the same name is examined; if
# nothing has the port, or without root, nginx is.
_BOOT = """
users="s/.*:$port .*users:((\\"[^\\"]*\\",\\(pid=\\)\\{0,1\\}\\([0-9]*\\),.*/\\2/p"
p=$(ss -ltnp 2>/dev/null | sed -n "$users" | head -n 1)
[ -n "$p" ] || p=$(pidof nginx 2>/dev/null | tr ' ' '\\n' | sort -n | head -n 1)
n=
[ -n "$p" ] && read -r n 2>/dev/null </proc/$p/comm
case $n in ''|*[!A-Za-z0-9_.@-]*) n=nginx;; esac
[ -n "$p" ] && echo "process $n"
grep -ls "$n" /etc/rc.local /etc/rc.d/rc.local /etc/inittab /etc/crontab /var/spool/cron/root \\
  /var/spool/cron/crontabs/root 2>/dev/null | sed 's/^/named /'
levels() { for f in $2; do [ -e "$f" ] && echo "level $f"; done; echo "service $1"; }
if [ -d /run/systemd/system ]; then
  echo "manager systemd"
  own='/user\\.slice/d; s/.*\\/\\([^/]*\\.service\\)$/\\1/p' u=
  [ -n "$p" ] && u=$(sed -n "$own" /proc/$p/cgroup | tail -n 1)
  [ -n "$p" ] && grep -qs '/session-[^/]*\\.scope$' /proc/$p/cgroup && echo "session yes"
  systemctl show -p Id -p LoadState -p UnitFileState -p ActiveState -p WantedBy -p RequiredBy \\
    -p TriggeredBy -p BoundBy -p UpheldBy -p DropInPaths -p ExecMainStartTimestampMonotonic \\
    -p MainPID -p CanReload \\
    "${u:-$n.service}" 2>/dev/null
elif [ -d /run/openrc ]; then
  echo "manager openrc"
  [ -e "/run/openrc/started/$n" ] && echo "running yes"
  [ -e "/etc/init.d/$n" ] && levels "$n" "/etc/runlevels/*/$n"
elif [ "$(cat /proc/1/comm 2>/dev/null)" = init ] && [ -e /etc/inittab ]; then
  echo "manager sysv"
  [ -n "$p" ] && echo "running yes"
  [ -e "/etc/init.d/$n" ] && levels "$n" "/etc/rc[2-5].d/S[0-9][0-9]$n"
fi
"""

FIRST_SCRIPT = f"""
port=$1 far=$2 far6=$3
set -- $SSH_CONNECTION; client=$1
echo "@ files"
grep -sH . /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/netfilter/nf_conntrack_max \\
  /proc/sys/net/core/somaxconn {_COUNTERS}
grep -sH '^IPv6_rpfilter=' /etc/firewalld/firewalld.conf
echo "@ client"; echo "$SSH_CONNECTION"
echo "@ queues"; {_SS}
echo "@ arrivals"; {_ARRIVALS.strip()}
echo "@ boot"; {_BOOT.strip()}
:
""".strip()

#: Maximum number of SYNs captured.
MAX_SYNS = 500

#: Seconds of capture. A connection attempt that starts with it repeats its SYN after 1 and 3 s.
WATCH_SECONDS = 4.5

# Uses tcpdump or, if it is missing, perl, which any Debian and most other systems have. Both
# print "listening on" first: without it nothing was captured. The capture ends with the script,
# by its process id. The server's own clock gives the start and end of the capture: on a busy
# machine, or after another command, it may start seconds after the request. In pcap-filter(7),
# "and" and "or" have equal precedence.
_WATCH = f"""
f="(tcp dst port $port and tcp[13]&18=2) or (ip6[6]=6 and ip6[42:2]=$port and ip6[53]&18=2)"
if [ "$(id -u)" != 0 ]; then echo "cannot: needs root"
else
  {{
    if command -v tcpdump >/dev/null; then
      tcpdump -n -l -p -t -i any -c {MAX_SYNS} "$f" 2>&1 &
    elif command -v perl >/dev/null; then
      perl -e "$eye" "$port" {MAX_SYNS} & else echo "cannot: no tcpdump"
    fi
    p=$!; [ -n "$p" ] && {{ sleep "$watch"; kill "$p"; wait "$p"; }}
  }} 2>/dev/null | while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in *"listening on "*) clock awake ;; esac
  done
  clock ended
fi
"""

# A packet socket without link headers (packet(7)): the data begins with the IP header. It prints
# like tcpdump, and stops on a server with too many packets.
PACKET_WATCHER = """
$| = 1; my ($port, $most) = @ARGV; my $read = 0;
socket(S, 17, 2, unpack("S", pack("n", 3))) or do { print "cannot: $!\\n"; exit };
print "listening on all\\n";
while (defined recv(S, my $b, 120, 0)) {
  if (++$read > 200000) { print "gave up\\n"; last }
  my ($v, $at, $from) = (ord($b) >> 4, 40, "");
  if ($v == 4 && ord(substr $b, 9) == 6) {
    $at = (ord($b) & 15) * 4; $from = join ".", unpack("C4", substr $b, 12, 4);
  } elsif ($v == 6 && ord(substr $b, 6) == 6) {
    $from = sprintf "%x:%x:%x:%x:%x:%x:%x:%x", unpack("n8", substr $b, 8, 16);
  }
  next if !$from || length($b) < $at + 14;
  my ($sport, $dport) = unpack("n2", substr $b, $at, 4);
  next if $dport != $port || (ord(substr $b, $at + 13) & 18) != 2;
  print "IP $from.$sport > server.$dport: Flags [S]\\n";
  last if !--$most;
}
"""

AFTER_FAILURE_SCRIPT = f"""
port=$1 watch=$2 eye=$3
clock() {{ read -r up rest </proc/uptime && echo "clock: $1 $up"; }}
echo "@ watch"; clock began; [ "$watch" = 0 ] || {{ {_WATCH.strip()}
}}
echo "@ files"; grep -sH . {_COUNTERS}
[ -e /proc/net/stat/nf_conntrack ] && [ ! -r /proc/net/stat/nf_conntrack ] && echo "@ denied"
echo "@ half-open"; ss -tn state syn-recv "sport = :$port" 2>/dev/null
echo "@ queues"; {_SS}
echo "@ holders"
for p in $(ss -ltnp "sport = :$port" 2>/dev/null |
  grep -o ',\\(pid=\\)\\{{0,1\\}}[0-9]*,' | tr -dc '0-9\\n'); do
  cat "/proc/$p/stat" 2>/dev/null
done
echo "@ end"; clock end
:
""".strip()

CLOCK_SCRIPT = """
echo "@ timedatectl"; timedatectl show 2>/dev/null || timedatectl 2>/dev/null
echo "@ chronyc"; chronyc -n tracking 2>/dev/null
:
""".strip()
