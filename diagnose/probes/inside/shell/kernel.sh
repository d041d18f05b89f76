# Prints settings, counters, queues and what starts at boot. Nothing is written or sent. Each part
# follows a line "@ name" (diagnose/parsers/linux/kernel.py); if a tool is missing, its part is
# empty. Arguments: the port, and an address of each family that is as far away as visitors are.
# shellcheck disable=SC2086
#   (SC2086: $SSH_CONNECTION is four words, and $client is left out if it is empty.)

port=$1 far=$2 far6=$3
set -- $SSH_CONNECTION; client=$1
echo "@ files"
grep -sH . /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/netfilter/nf_conntrack_max \
  /proc/sys/net/core/somaxconn /proc/net/netstat /proc/net/snmp /proc/net/stat/nf_conntrack \
  /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/ipv4/ip_default_ttl \
  /proc/sys/net/ipv4/tcp_mtu_probing
grep -sH '^IPv6_rpfilter=' /etc/firewalld/firewalld.conf
grep -sH 1 /proc/sys/net/ipv6/conf/*/disable_ipv6
[ -e /proc/sys/net/ipv6 ] || [ ! -e /proc/sys/net/ipv4 ] || echo /proc/sys/net/ipv6:absent
echo "@ client"; echo "$SSH_CONNECTION"
echo "@ queues"; ss -ltn 2>/dev/null || grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null
# The file systems that a web server writes to. Folders that are often on a network (/home, /srv) are
# left out: a server of files that is gone would hold up all of this.
echo "@ disks"
stat -f -c '%i %T %S %b %a %c %d %n' / /etc /tmp /var /var/log /var/log/nginx /var/lib \
  /var/lib/nginx /var/lib/nginx/* /var/cache/nginx /etc/letsencrypt /www/server /var/lib/docker \
  /var/lib/containers 2>/dev/null | head -n 40

# For each address of interfaces with strict reverse-path filtering: would the kernel accept
# packets from a distant visitor, and from the SSH client? The kernel has no such filter for IPv6,
# but a firewalld rule does it, by checking whether the return route uses the interface.
# dash reads byte by byte, and these files return no second byte: the status of `read` is useless.
echo "@ arrivals"
c=/proc/sys/net/ipv4/conf
all=0 own=
read -r all 2>/dev/null <$c/all/rp_filter
six=$(sed -n 's/^IPv6_rpfilter=//p' /etc/firewalld/firewalld.conf 2>/dev/null)
four() {
  for a in $(ip -4 -o addr show dev "$1" 2>/dev/null | sed -n 's/.* inet \([0-9.]*\).*/\1/p'); do
    for s in "$far" $client; do
      case $s in *:*) continue;; esac
      echo "? $s $a $1"; ip route get "$a" from "$s" iif "$1" 2>&1
    done
  done
}
n=0
for f in "$c"/*/rp_filter; do
  d=${f%/rp_filter}; d=${d##*/}
  case $d in all|default|lo|docker*|veth*|br-*|virbr*|cni*|cali*|dummy*|kube*) continue;; esac
  read -r own 2>/dev/null <"$f"
  [ $((n += 1)) -gt 8 ] && break
  [ "$own" -gt "$all" ] || own=$all
  [ "$own" = 1 ] && four "$d"
  case $six in yes|true|strict) ;; *) continue;; esac
  for a in $(ip -6 -o addr show dev "$d" scope global 2>/dev/null |
    sed -n 's/.* inet6 \([0-9a-f:]*\).*/\1/p'); do
    echo "? $far6 $a $d"; ip -6 route get "$far6" from "$a" 2>&1
  done
done

# The service that owns the port and whether the manager starts it at boot. If a user's session
# started the process (systemd-logind(8)), the service of the same name is examined; if nothing has
# the port, or without root, nginx is.
echo "@ boot"
users="s/.*:$port .*users:((\"[^\"]*\",\(pid=\)\{0,1\}\([0-9]*\),.*/\2/p"
p=$(ss -ltnp 2>/dev/null | sed -n "$users" | head -n 1)
[ -n "$p" ] || p=$(pidof nginx 2>/dev/null | tr ' ' '\n' | sort -n | head -n 1)
n=
[ -n "$p" ] && read -r n 2>/dev/null <"/proc/$p/comm"
case $n in ''|*[!A-Za-z0-9_.@-]*) n=nginx;; esac
[ -n "$p" ] && echo "process $n"
grep -ls "$n" /etc/rc.local /etc/rc.d/rc.local /etc/inittab /etc/crontab /var/spool/cron/root \
  /var/spool/cron/crontabs/root 2>/dev/null | sed 's/^/named /'
levels() { for f in $2; do [ -e "$f" ] && echo "level $f"; done; echo "service $1"; }
if [ -d /run/systemd/system ]; then
  echo "manager systemd"
  own='/user\.slice/d; s/.*\/\([^/]*\.service\)$/\1/p' u=
  [ -n "$p" ] && u=$(sed -n "$own" "/proc/$p/cgroup" | tail -n 1)
  [ -n "$p" ] && grep -qs '/session-[^/]*\.scope$' "/proc/$p/cgroup" && echo "session yes"
  systemctl show -p Id -p LoadState -p UnitFileState -p ActiveState -p WantedBy -p RequiredBy \
    -p TriggeredBy -p BoundBy -p UpheldBy -p DropInPaths -p ExecMainStartTimestampMonotonic \
    -p MainPID -p CanReload "${u:-$n.service}" 2>/dev/null
elif [ -d /run/openrc ]; then
  echo "manager openrc"
  [ -e "/run/openrc/started/$n" ] && echo "running yes"
  [ -e "/etc/init.d/$n" ] && levels "$n" "/etc/runlevels/*/$n"
elif [ "$(cat /proc/1/comm 2>/dev/null)" = init ] && [ -e /etc/inittab ]; then
  echo "manager sysv"
  [ -n "$p" ] && echo "running yes"
  [ -e "/etc/init.d/$n" ] && levels "$n" "/etc/rc[2-5].d/S[0-9][0-9]$n"
fi
:
