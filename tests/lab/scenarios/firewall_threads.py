"""Rules of a firewall that stop what the server sends itself, or what routers tell it."""

from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .netfilter import NO_FAIL2BAN, alone, chain, iptables

JAIL = (
    "-N f2b-plesk-apache",
    "-A f2b-plesk-apache -s 192.0.2.66 -j REJECT --reject-with icmp-port-unreachable",
    "-A f2b-plesk-apache -j RETURN",
    "-I INPUT -p tcp -m multiport --dports 80,443,3000 -j f2b-plesk-apache",
)


def at_the_public_address(lab: Lab) -> None:
    """nginx passes on to the server's own address, as panels write it, and a jail is there."""
    lab.application("--host", SERVER)
    lab.edit("http://127.0.0.1:3000", f"http://{SERVER}:3000")
    lab.reload()
    lab.undo(lambda: lab.server.sh("iptables-nft -F; iptables-nft -X", check=False))
    iptables(lab, *JAIL)


@scenario(outside="http.server-error", server="firewall.loopback-blocked", manual=NO_FAIL2BAN)
def fail2ban_banned_the_server_itself(lab: Lab) -> None:
    """https://github.com/fail2ban/fail2ban/issues/1718: "my server blocked the own server ip and
    caused an 502 Bad Gateway"."""
    at_the_public_address(lab)
    reject = f"-s {SERVER} -j REJECT --reject-with icmp-port-unreachable"
    iptables(lab, f"-I f2b-plesk-apache 1 {reject}")


@healthy()
def fail2ban_banned_another_than_the_server(lab: Lab) -> None:
    at_the_public_address(lab)


RULES = (
    "iif lo accept",
    "meta l4proto ipv6-icmp accept",
    "tcp dport { 22, 80, 443 } accept",
)
SMALL = ("the pages hang over a vpn with a smaller mtu",)


@scenario(
    outside=None, server="firewall.packet-too-big-blocked", both="firewall.packet-too-big-blocked",
    args=SMALL, manual="the file of the rules is the administrator's",
)  # fmt: skip
def reports_of_the_size_are_not_let_in(lab: Lab) -> None:
    """https://github.com/QubesOS/qubes-issues/issues/3406: established, and not related."""
    alone(lab)
    chain(lab, "ct state established accept", *RULES, policy="drop")


@healthy(args=SMALL)
def reports_of_the_size_are_let_in(lab: Lab) -> None:
    """Ping alone is closed."""
    alone(lab)
    related = "ct state established,related accept"
    chain(lab, related, "icmp type echo-request drop", *RULES, policy="drop")


@healthy()
def all_of_icmp_is_dropped(lab: Lab) -> None:
    """To hide from ping; a note, without a message."""
    alone(lab)
    iptables(lab, "-I INPUT -p icmp -j DROP")


# A list of networks on port 80, and the certificate authority

SECONDARY = (
    "During secondary validation: 203.0.113.10: Fetching "
    "http://shop.example.com/.well-known/acme-challenge/evaGxfADs6pSRb2L: "
    "Timeout during connect (likely firewall problem)"
)


def list_of_networks(lab: Lab, port: int) -> None:
    """Networks of a provider and a country are dropped on a port."""
    lab.undo(lambda: lab.server.sh("nft delete table inet geo", check=False))
    lab.server.sh(
        "nft add table inet geo; "
        "nft add set inet geo blocked '{ type ipv4_addr; flags interval; }'; "
        "nft add element inet geo blocked '{ 13.48.0.0/13, 18.0.0.0/8, 52.0.0.0/8 }'; "
        "nft add chain inet geo input '{ type filter hook input priority -10; }'; "
        f"nft add rule inet geo input tcp dport {port} ip saddr @blocked drop"
    )


@scenario(
    outside=None,
    server="firewall.validation-blocked",
    args=(SECONDARY,),
    manual="a person opens port 80, or orders by DNS",
)
def list_of_networks_stops_the_authority(lab: Lab) -> None:
    """https://community.letsencrypt.org/t/135571: countries are shut out of port 80."""
    list_of_networks(lab, 80)


@healthy(args=(SECONDARY,))
def list_of_networks_for_another_port(lab: Lab) -> None:
    list_of_networks(lab, 8080)
