"""What stops packets besides the rules of a firewall: a queue that no program reads, IPsec, silence
to ARP."""

from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .kernel import GATEWAY, second_uplink
from .netfilter import alone

ARP = "/proc/sys/net/ipv4/conf/all/arp_ignore"
PERSON = "a person knows what it is for"


@scenario(outside="tcp.timeout", server="firewall.queue-unread", manual=PERSON)
def suricata_was_stopped(lab: Lab) -> None:
    """`iptables -I INPUT -j NFQUEUE` stays when the program has ended."""
    alone(lab)
    lab.server.sh("iptables -I INPUT -i eth0 -p tcp -m multiport --dports 80,443 -j NFQUEUE")


@healthy()
def suricata_was_stopped_and_may_be_passed_by(lab: Lab) -> None:
    alone(lab)
    lab.server.sh("iptables -I INPUT -i eth0 -j NFQUEUE --queue-num 0 --queue-bypass")


def policy(lab: Lab, words: str) -> None:
    lab.undo(lambda: lab.server.sh("ip xfrm policy flush"))
    lab.server.sh(f"ip xfrm policy add {words}")


@scenario(
    outside="tcp.timeout", server="host.ipsec-blocks", both="tcp.timeout", manual=PERSON,
)  # fmt: skip
def vpn_wants_all_replies(lab: Lab) -> None:
    """strongSwan's policy for 0.0.0.0/0 stays while its tunnel is down."""
    ends = "src 203.0.113.10 dst 192.0.2.9"
    tunnel = f"tmpl {ends} proto esp mode tunnel"
    policy(lab, f"dir out src 203.0.113.10/32 dst 0.0.0.0/0 {tunnel}")


@healthy()
def vpn_wants_what_goes_to_its_networks(lab: Lab) -> None:
    tunnel = "tmpl src 203.0.113.10 dst 192.0.2.9 proto esp mode tunnel"
    policy(lab, f"dir out src 203.0.113.10/32 dst 10.0.0.0/8 {tunnel}")


@scenario(outside="tcp.host-down", server="host.arp-ignored", both="tcp.host-down", manual=PERSON)
def no_answer_to_arp(lab: Lab) -> None:
    """arp_ignore=8, after instructions for LVS."""
    lab.undo(lambda: lab.server.sh(f"echo 0 >{ARP}"))
    lab.server.sh(f"echo 8 >{ARP}")
    lab.router.sh("ip neigh flush dev eth1")


@healthy()
def answers_to_arp_on_its_own_interface(lab: Lab) -> None:
    """arp_ignore=1 and arp_announce=2, as on a real server of LVS, and an address of eth0."""
    lab.undo(lambda: lab.server.sh(f"echo 0 >{ARP}"))
    lab.server.sh(f"echo 1 >{ARP}")
    lab.router.sh("ip neigh flush dev eth1")


@scenario(
    outside="tcp.timeout", server=None, both="tcp.timeout", heals="client", manual=PERSON,
)  # fmt: skip
def replies_leave_by_the_other_card(lab: Lab) -> None:
    """Two cards, one default route, and a network that drops foreign addresses, after
    https://github.com/vmware/photon/issues/901. On the server it is a note."""
    second_uplink(lab)
    lab.server.sh(f"ip route replace default via {GATEWAY} dev eth1")
    lab.cloud(f"iifname eth2 ip saddr {SERVER} drop")
