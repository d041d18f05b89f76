"""Rules of nftables with every statement and field of which nft makes the same rule once more when
they are written out, and some of which it does not. By where they may stand."""

INPUT = """
limit rate 10/minute accept
limit rate 10/minute burst 7 packets accept
limit rate over 10/minute burst 7 packets drop
limit rate 3/week drop
limit rate 10 mbytes/second accept
limit rate over 10 kbytes/second burst 20 kbytes drop
limit rate 1025 bytes/hour burst 5000 bytes drop
limit name "lax" accept
quota 10 mbytes accept
quota over 1025 bytes drop
quota over 10 mbytes used 2 mbytes drop
quota name "much" drop
counter accept
counter packets 3 bytes 180 accept
counter name "seen" limit name "lax" accept
ct count 20 accept
ct count over 20 drop
tcp option maxseg size 1-500 drop
last accept
log accept
log prefix "a  b: " level debug accept
log prefix "back\\slash # { } ; '" accept
log level audit accept
log level notice flags skuid accept
log flags all accept
log flags tcp sequence,options flags ip options accept
log flags skuid flags ether accept
log prefix "x" group 3 snaplen 64 queue-threshold 10 accept
log group 0 accept
reject
reject with tcp reset
reject with icmp host-prohibited
reject with icmpv6 no-route
reject with icmpx admin-prohibited
meta nfproto ipv4 reject with icmp port-unreachable
tcp dport vmap { 22 : jump other, 80-90 : accept, 443 : drop }
tcp dport vmap @fate
ct state vmap { new : jump other, established : accept, * : drop }
ip saddr . tcp dport vmap { 10.0.0.0/8 . 80-90 : accept }
iifname vmap { "all" : jump other, "br-x" : drop, "eth*" : accept }
ip saddr . iifname vmap { 10.0.0.1 . "dst" : accept }
fib daddr . iif oifname vmap { "mark" : accept, "eth0" : drop }
numgen inc mod 10 vmap { 0-4 : accept, 5-9 : drop }
tcp flags vmap { syn : accept, fin|ack : drop }
meta mark set 0x10
meta mark set meta mark or 0x2
meta mark set meta mark and 0xff xor 0x3
meta mark set (meta mark & 0xff) << 8
meta mark set (meta mark ^ 0x3) & 0xff
meta mark set meta mark ^ 0x3 & 0xff
meta mark set (meta mark | 0x3) ^ 0xff
meta mark set ct mark >> 8 and 0xf or 0x10
meta mark set tcp dport map { 80 : 1, 443 : 2 }
meta mark set ip saddr . tcp dport map { 10.0.0.1 . 80 : 0x3 }
meta mark set ip saddr map { 10.0.0.1 : 1, * : 2 }
meta mark set numgen inc mod 10 offset 100
ct mark set (meta mark & 0xffff) | 0x10000
ct zone set 3
ct label set 5
ct event set new,related,destroy
ip dscp set cs1
ip ttl set 3
tcp option maxseg size set 1400
tcp dport set 8080
ip daddr set ip saddr map { 10.0.0.1 : 10.0.0.2 }
meta priority set 1:2
meta nftrace set 1
add @known { ip saddr } accept
update @known { ip saddr }
delete @known { ip saddr }
add @known { ip saddr limit rate 10/second burst 3 packets } accept
add @known { ip saddr counter limit rate over 3/minute burst 2 packets } drop
update @marks { ip saddr : 0x3 }
fib daddr type local accept
fib daddr type != local accept
fib daddr . iif type { local, broadcast } accept
fib saddr . iif oif missing drop
fib saddr . mark . iif oif 0 drop
fib saddr oifname "mark" accept
numgen random mod 10 offset 5 < 7 accept
icmp type echo-request accept
icmp type { echo-request, destination-unreachable } accept
icmp type . icmp code { echo-request . 0 } drop
icmpv6 type nd-neighbor-solicit accept
icmpv6 code no-route drop
iifname "eth0" accept
iifname "eth*" accept
iifname "*0" accept
iifname != { "all", "drop", "eth0" } accept
iifname . tcp dport { "mark" . 443, "lo" . 80 } accept
iif "lo" accept
iifgroup "default" accept
iiftype loopback accept
meta pkttype { broadcast, multicast } accept
meta length 40-100 accept
meta nfproto ipv4 accept
meta protocol ip accept
meta l4proto { tcp, udp } accept
meta l4proto . th dport { tcp . 53, udp . 53 } accept
meta mark { 0x1, 0x5-0x9 } accept
meta mark & 0x3 == 0x2 accept
meta mark and 0x3 != 0x2 accept
meta cpu 0-3 accept
meta random < 1000 accept
meta ipsec exists accept
ct state established,related accept
ct state { new, established } accept
ct state != new accept
ct state == new accept
ct state ! invalid accept
ct state & (new|established) == new accept
ct direction original accept
ct status dnat,snat accept
ct status ! dnat accept
ct status & (seen-reply|assured) == seen-reply|assured accept
ct original ip daddr 10.0.0.1 accept
ct reply ip6 saddr fd00::/8 accept
ct original proto-dst 80-500 accept
ct original packets > 5 accept
ct mark & 0xff == 3 accept
ct expiration 30s accept
ct helper "ftp" accept
ct label ! 5 accept
tcp flags syn accept
tcp flags == syn accept
tcp flags == 0x0 accept
tcp flags != syn accept
tcp flags fin,syn accept
tcp flags & (fin|syn|rst|ack) == syn accept
tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop
tcp flags & (fin|syn) != 0 drop
tcp flags syn / syn,rst accept
tcp flags ! fin,syn accept
tcp flags { syn, syn|ack } accept
tcp flags == { syn, fin|psh } drop
tcp flags != { syn, fin|psh } drop
tcp dport { 22, 443-5000 } drop
tcp dport != { 80, 8080 } drop
tcp dport != 80-90 drop
tcp dport >= 1024 drop
tcp dport @ports drop
tcp dport != @ports drop
tcp dport & 1 == 1 drop
tcp sport . tcp dport { 1 . 2, 3-4 . 5 } drop
tcp option maxseg size 500 accept
tcp option sack-perm exists accept
th dport 443 drop
udp dport 53 drop
@th,16,16 { 443, 80 } drop
@nh,0,8 & 0xf == 5 drop
ip saddr 10.0.0.0/8 drop
ip saddr != 10.0.0.1-10.0.0.9 drop
ip saddr & 0.0.0.255 == 0.0.0.1 drop
ip saddr . tcp dport { 10.0.0.0/8 . 80, 10.0.0.1-10.0.0.9 . 443 } drop
ip6 saddr { fd00::/8, 2001:db8::1-2001:db8::9 } drop
ip6 saddr ::ffff:10.0.0.1 drop
ip6 saddr & ffff:: == 2001:: drop
ip dscp { cs1, af11 } accept
ip protocol tcp drop
ip frag-off & 0x1fff != 0 drop
ip option rr exists drop
ip6 nexthdr tcp drop
ether saddr 02:00:00:00:00:01 drop
vlan id 3 vlan pcp 2 drop
jump other
goto other
continue
return
tcp dport 443 drop comment "a  b: { # }"
"""
PREROUTING = """
notrack
"""
OUTPUT = """
oifname "mark" accept
meta skuid 0 accept
meta skuid != { 0, 33 } accept
meta skgid 1000-2000 accept
"""
DNAT = """
dnat ip to 10.0.0.1
dnat ip to 10.0.0.1-10.0.0.9
dnat ip6 to fd00::1-fd00::9 random
tcp dport 80 dnat ip to 10.0.0.1:8080
tcp dport 80 dnat ip to 10.0.0.1-10.0.0.9:8000-8010 random,persistent
tcp dport 80 dnat ip6 to [fd00::1]:8080
tcp dport 80 dnat ip6 to [fd00::1]-[fd00::9]:80-90 fully-random
tcp dport 80 dnat ip to 10.0.0.1:tcp dport map { 80 : 8080 }
tcp dport 443 dnat ip6 to [fd00::1]:tcp dport map { 443 : 8443 }
dnat ip to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }
dnat ip to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }
dnat ip addr . port to tcp dport map { 443 : 10.0.0.1 . 80, 5000 : 10.0.0.2 . 8080 }
dnat ip prefix to ip daddr map { 10.1.0.0/16 : 10.2.0.0/16 }
redirect
redirect fully-random
tcp dport 80 redirect to :8080 random
tcp dport 80 redirect to :8000-8010
tcp dport 80 redirect to tcp dport map { 80 : 443, 443 : 8080 }
"""
SNAT = """
masquerade
masquerade random,persistent
tcp dport 80 masquerade to :1024-65535
snat ip to 10.0.0.1 persistent
snat ip to ip saddr map { 10.0.0.0/8 : 10.0.0.1-10.0.0.9 }
"""
#: What is seen of them is not all of them, or is not known to nft in the same words.
OTHERS = """
update @known { ip saddr timeout 10s }
ip saddr { 10.0.0.1 comment "why", 10.0.0.2 } drop
tcp dport { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20 } drop
meta hour "09:00"-"17:00" accept
udp dport 4789 vxlan ip saddr 10.0.0.1 drop
jhash ip saddr mod 16 5 accept
frag more-fragments 1 accept
osf ttl loose name "Linux" accept
accept comment "a dollar $x"
"""

_HEADS = {
    "input": ("type filter hook input priority 0;", INPUT),
    "prerouting": ("type filter hook prerouting priority 0;", PREROUTING),
    "output": ("type filter hook output priority 0;", OUTPUT),
    "before": ("type nat hook prerouting priority -100;", DNAT),
    "after": ("type nat hook postrouting priority 100;", SNAT),
    "others": ("", OTHERS),
}
_BEFORE = """\
table inet whole {
  limit lax { rate 10/second
  }
  quota much { over 10 mbytes
  }
  counter seen { packets 0 bytes 0
  }
  set ports { type inet_service; }
  set known { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
  map marks { type ipv4_addr : mark; flags dynamic; size 100; }
  map fate { type inet_service : verdict; }
  chain other {
  }
"""


def ruleset() -> str:
    """All of them, each in a chain in which it may stand; those that are not exact in `others`."""
    chains = "".join(
        f"  chain {name} {{\n    {head}\n{rules}\n  }}\n" for name, (head, rules) in _HEADS.items()
    )
    return f"{_BEFORE}{chains}}}\n"
