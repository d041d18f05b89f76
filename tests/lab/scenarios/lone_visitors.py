"""A ban shuts out one visitor, who says that everybody else gets in. Each twin has the same words,
and the ban is lifted."""

from ..lab import CLIENT, Lab
from ..scenario import healthy, scenario

CHAIN = "f2b-nginx-http-auth"
ME = "everyone can access my site except for me: from my home network the server never responds"
ICH = "只有我打不开，手机流量可以访问"
UNDER = "the client is not the server's own network: a person compares the address"


def _jail(lab: Lab, *banned: str, chain: str = CHAIN) -> None:
    """What fail2ban's action for iptables writes."""
    reject = "-j REJECT --reject-with icmp-port-unreachable"
    jump = f"INPUT -p tcp -m multiport --dports 80,443 -j {chain}"
    server = lab.server
    undo = f"iptables -D {jump}; iptables -F {chain}; iptables -X {chain}"
    lab.undo(lambda: server.sh(undo, check=False))
    server.sh(f"iptables -N {chain}; iptables -I {jump}")
    for address in banned:
        server.sh(f"iptables -A {chain} -s {address}/32 {reject}")
    server.sh(f"iptables -A {chain} -j RETURN")


@scenario(
    outside="tcp.refused", server="firewall.visitor-banned", both=None, args=(ME,), manual=UNDER
)
def fail2ban_banned_the_one_who_asks(lab: Lab) -> None:
    """A jail has one rule."""
    _jail(lab, CLIENT)


@scenario(
    outside="tcp.refused", server="firewall.visitor-banned", both=None, args=(ICH,), manual=UNDER
)
def a_chain_by_hand_banned_the_one_who_asks(lab: Lab) -> None:
    """No fail2ban: a chain of one's own, and two others are in it."""
    _jail(lab, "192.0.2.44", CLIENT, "192.0.2.45", chain="denied")


@healthy(args=(ME,))
def fail2ban_lifted_the_ban(lab: Lab) -> None:
    """The jail is there and empty."""
    _jail(lab)


@healthy(args=("the site cannot be opened",))
def fail2ban_banned_somebody_and_the_words_are_others(lab: Lab) -> None:
    """Bans are usual: nobody says that they are the one."""
    _jail(lab, "192.0.2.44")
