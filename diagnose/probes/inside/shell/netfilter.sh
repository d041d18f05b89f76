# Arguments: the maximum number of bytes of a tool's output, and of a file. Each part of the output
# follows a line "@@@ name".

most=$1 file=$2
part() { printf '\n@@@ %s\n' "$*"; }
there() { command -v "$1" >/dev/null 2>&1; }
save() { there "$1" || return 1; part save "$2"; "$1" -c 2>/dev/null | head -c "$most"; }
if there nft; then
  out=$(nft -j list ruleset 2>/dev/null | head -c "$most")
  case $out in
    '{'*) part nft; printf '%s\n' "$out";;
    *) part failed; nft -j list ruleset 2>&1 >/dev/null | head -c 500;;
  esac
else
  part missing; out=
fi
for v in ip ip6; do
  case $out in
    *'"xt"'*) s=y;;
    *"\"family\": \"$v\", \"name\": \"filter\""*|*"\"family\": \"$v\", \"name\": \"nat\""*) s=y;;
    '{'*) s=;;
    *) s=y;;
  esac
  [ "$s" ] && { save "${v}tables-nft-save" $v || save "${v}tables-save" $v; }
  if grep -q . "/proc/net/${v}_tables_names" 2>/dev/null; then
    part older $v
    save "${v}tables-legacy-save" $v || save "${v}tables-save" $v
  fi
done
if [ -d /sys/module/ip_set ] && there ipset; then
  part ipset; ipset save 2>/dev/null | head -c "$most"
fi
[ -d /sys/module/nf_tables ] && part kernel
# What else may stop a visitor's packet: a queue that no program reads, IPsec, silence to ARP.
if [ ! -e /proc/net/netfilter/nfnetlink_queue ] || [ -r /proc/net/netfilter/nfnetlink_queue ]; then
  part queues; cat /proc/net/netfilter/nfnetlink_queue 2>/dev/null
fi
if [ -e /proc/net/xfrm_stat ] && there ip; then
  part ipsec; ip xfrm policy 2>/dev/null | head -c 200000
fi
part arp; grep -sH '[1-8]' /proc/sys/net/ipv4/conf/*/arp_ignore
for f in /etc/nftables.conf /etc/nftables/*.nft /etc/nftables.d/* /etc/sysconfig/nftables.conf \
  /etc/iptables/rules.v4 /etc/iptables/rules.v6 /etc/iptables/*.rules \
  /etc/sysconfig/iptables /etc/sysconfig/ip6tables \
  /etc/default/ufw /etc/ufw/ufw.conf /etc/ufw/user.rules /etc/ufw/user6.rules; do
  [ -f "$f" ] && [ -r "$f" ] && { part file "$f"; head -c "$file" "$f"; }
done; :
