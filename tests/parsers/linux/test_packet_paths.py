"""What iproute2 6.15 and Linux 6.18 print in the laboratory; nfnetlink_queue as in the kernel's
source (seq_show: queue number, port, length, copy mode, …)."""

from diagnose.model.packet_paths import IpsecPolicy
from diagnose.parsers.linux.packet_paths import arp_ignore, ipsec_policies, queue_readers

POLICIES = """\
src 10.0.0.0/8 dst 203.0.113.10/32 
\tdir in priority 7 ptype main 
\ttmpl src 0.0.0.0 dst 0.0.0.0
\t\tproto esp reqid 0 mode transport
\t\tlevel use 
src 203.0.113.10/32 dst 198.51.100.0/24 
\tdir out priority 5 ptype main 
\ttmpl src 203.0.113.10 dst 198.51.100.10
\t\tproto esp reqid 0 mode tunnel
src 0.0.0.0/0 dst 203.0.113.10/32 proto tcp dport 443 
\tdir in action block priority 0 ptype main 
src 0.0.0.0/0 dst 0.0.0.0/0 
\tsocket in priority 0 ptype main 
src 0.0.0.0/0 dst 0.0.0.0/0 
\tdir out priority 1 ptype main 
\tmark 0x1/0xff 
\ttmpl src 192.0.2.1 dst 192.0.2.2
\t\tproto esp reqid 0 mode tunnel
"""


def test_policies_come_in_the_order_of_their_priority() -> None:
    block, vpn, optional = ipsec_policies(POLICIES)
    assert block == IpsecPolicy(
        "in", "0.0.0.0/0", "203.0.113.10/32", "tcp", 0, 443, blocks=True,
        text="src 0.0.0.0/0 dst 203.0.113.10/32 proto tcp dport 443 dir in action block priority 0 "
        "ptype main",
    )  # fmt: skip
    assert (vpn.direction, vpn.protected, vpn.blocks) == ("out", True, False)
    assert not optional.protected


def test_the_queues_that_are_read() -> None:
    assert queue_readers("    0  31621     0 2  4016     0     0        0  1\n    3 7 0 2\n") == (
        0,
        3,
    )
    assert queue_readers("") == ()


def test_settings_of_arp_that_are_not_usual() -> None:
    folder = "/proc/sys/net/ipv4/conf"
    assert arp_ignore(f"{folder}/all/arp_ignore:8\n{folder}/eth0/arp_ignore:x\n") == (("all", 8),)
