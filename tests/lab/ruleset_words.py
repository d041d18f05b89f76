"""What rules for the kernel and the evaluator are made of: addresses, ports, states, codes."""

from .kernel import CONTAINER, SERVER

#: What no other connection has: what one adds to a set, the next one does not find there.
ITS = "saddr . tcp sport . tcp dport"
LAX = "10000/second burst 5000 packets"
NETWORKS = {
    "ip": (
        "203.0.113.50", "198.51.100.7", "192.0.2.8", "10.1.2.3", "10.0.0.0/8", "198.51.100.0/24",
        "192.0.2.0/24", "0.0.0.0/1", "203.0.113.0/26", "192.0.2.4-192.0.2.9", "198.51.0.0/16",
    ),
    "ip6": (
        "2001:db8:2::50", "2001:db8:9::7", "fd00:1::3", "2001:db8::/32", "fc00::/7",
        "2001:db8:9::/48", "2001:db8:9::1-2001:db8:9::ff",
    ),
}  # fmt: skip
APART = {
    "ip": ("203.0.113.50", "198.51.100.0/25", "192.0.2.4-192.0.2.9", "10.0.0.0/8"),
    "ip6": ("2001:db8:2::/64", "2001:db8:9::7", "fc00::/7"),
}
OWN = {
    "ip": (SERVER[0], SERVER[1], "203.0.113.0/24", "127.0.0.0/8"),
    "ip6": (SERVER[2], SERVER[3], "::1", "2001:db8:2::/64"),
}
TO = {
    "ip": (CONTAINER[0], SERVER[0], SERVER[1], "127.0.0.1"),
    "ip6": (CONTAINER[1], SERVER[2], SERVER[3]),
}
PORT_SETS = (
    "80", "443", "22", "5000", "8080", "{ 80, 443 }", "{ 22, 443-5000 }", "80-443", "!= 443",
    "!= { 80, 8080 }", ">= 1024", "< 443", "@ports", "!= @ports",
)  # fmt: skip
MARKS = (
    "meta mark 1", "meta mark != 1", "meta mark & 3 == 2", "ct mark 1", "ct mark & 2 == 0",
    "meta mark { 1, 2 }",
)  # fmt: skip
#: Rules that are not for TCP stand alone: nft refuses the contradiction.
OTHERS = {
    "ip": ("udp dport 443", "icmp type echo-request", "meta l4proto != tcp", "ip protocol != tcp",
           "icmp type destination-unreachable"),
    "ip6": ("udp dport 443", "icmpv6 type nd-neighbor-solicit", "meta l4proto != tcp",
            "ip6 nexthdr != tcp", "icmpv6 type destination-unreachable"),
}  # fmt: skip
REST = (
    "meta pkttype host", "counter", 'log prefix "x"', "meta pkttype { broadcast, multicast }",
    "numgen inc mod 2 0",
)  # fmt: skip
STATES = (
    "new", "established", "established,related", "invalid", "!= new", "{ new, established }",
    "!= established", "untracked", "{ related, new }",
)  # fmt: skip
FLAGS = (
    "syn", "ack", "== syn", "== ack", "!= syn", "& (syn|ack) == syn", "& (syn|ack) == ack",
    "& (fin|syn|rst|ack) == syn", "& (fin|syn|rst|ack) != syn", "syn / syn,rst", "! rst",
    "{ syn, ack }", "& (syn|ack) == syn|ack", "== 0x0", "! syn",
)  # fmt: skip
PRIORITIES = {
    "prerouting": (-300, -300, -150, -100, -99, 0),
    "input": (-10, 0, 0, 0, 10, 50, 200),
    "forward": (-10, 0, 0, 10),
    "output": (-300, -150, -100, 0, 0, 10),
    "postrouting": (-150, 0, 100, 101, 300),
}
REJECTS = {
    "ip": ("icmp port-unreachable", "icmp host-prohibited", "icmp net-unreachable",
           "icmp admin-prohibited", "icmp host-unreachable", "icmp net-prohibited"),
    "ip6": ("icmpv6 port-unreachable", "icmpv6 admin-prohibited", "icmpv6 no-route",
            "icmpv6 addr-unreachable", "icmpv6 policy-fail", "icmpv6 reject-route"),
    "inet": ("icmpx port-unreachable", "icmpx admin-prohibited", "icmpx host-unreachable",
             "icmpx no-route", "icmp host-prohibited", "icmpv6 addr-unreachable"),
}  # fmt: skip
