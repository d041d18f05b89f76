"""Rules of netfilter that look as if they were in the way."""

from ..lab import ROUTER, SERVER, Lab
from ..scenario import healthy
from .netfilter import SHIPPED, alone, banned, chain, on_iptables, restored, ufw

#: In the form of Docker for one container that publishes 8080, without its chains of isolation.
DOCKER = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
"""


@healthy()
def ufw_allows_443(lab: Lab) -> None:
    """ufw is on and lets 443 in by a profile's name."""
    ufw(lab, "allow 'Nginx Full'", "deny 3306/tcp")


@healthy()
def ufw_is_installed_and_off(lab: Lab) -> None:
    """ufw has rules that would deny 443, and is not enabled."""
    lab.server.sh("ufw deny 443/tcp")


@healthy()
def others_are_banned(lab: Lab) -> None:
    """fail2ban has banned some, not us."""
    banned(lab, "192.0.2.66", "192.0.2.67")


@healthy()
def rates_far_above_use(lab: Lab) -> None:
    """Limits that only an attack meets."""
    chain(
        lab,
        "tcp dport 443 ct state new limit rate over 400/second burst 800 packets drop",
        "tcp dport 443 ct state new meter per { ip saddr limit rate over 100/second } drop",
        "tcp dport 22 ct state new limit rate over 3/minute drop",
    )


@healthy()
def other_ports_are_dropped(lab: Lab) -> None:
    """Rules that count, log and drop other things."""
    chain(
        lab,
        "counter",
        'tcp dport 443 log prefix "https " level info',
        "tcp dport { 23, 3306, 4430-4439 } drop",
        "tcp sport 443 ct state invalid drop",
        "udp dport 443 drop",
        "ct state invalid drop",
        "ip saddr { 10.9.0.0/16, 192.0.2.0/24 } drop",
        'iifname "wg0" tcp dport 443 drop',
    )


@healthy(ipv6=True)
def everything_is_accepted(lab: Lab) -> None:
    """Tables whose chains accept everything, in all families and both ways."""
    for hook in ("input", "output", "forward", "prerouting", "postrouting"):
        chain(lab, "accept", hook=hook, table=f"inet open_{hook}")


@healthy()
def rules_of_a_container_engine(lab: Lab) -> None:
    """Docker's chains: what is forwarded is isolated, what comes in is not touched."""
    lab.server.run(["iptables-restore"], input=DOCKER, check=True)


@healthy()
def only_the_edge_may(lab: Lab) -> None:
    """The name leads to an edge in front, and the server lets in nobody else."""
    edge, lead = ROUTER[0], f"tcp dport {{ 80, 443 }} dnat to {SERVER}"
    lab.undo(lambda: lab.router.sh("nft delete table ip edge"))
    lab.router.run(
        ["nft", "-f", "-"],
        input=f"""
        table ip edge {{
          chain in {{
            type nat hook prerouting priority -100; ip daddr {edge} {lead}
          }}
          chain out {{
            type nat hook postrouting priority 100; ip daddr {SERVER} ct status dnat masquerade
          }}
        }}
        """,
        check=True,
    )
    lab.dns([edge])
    chain(lab, f"ip saddr {ROUTER[1]} tcp dport {{ 80, 443 }} accept", "tcp dport { 80, 443 } drop")


@healthy()
def a_strict_firewall_by_hand(lab: Lab) -> None:
    """A policy that drops both ways, with all that the site needs."""
    alone(lab)
    chain(
        lab,
        "ct state vmap { established : accept, related : accept, invalid : drop }",
        "iif lo accept",
        "ip protocol icmp accept",
        "tcp dport vmap { 22 : accept, 80 : accept, 443 : accept }",
        policy="drop",
    )
    chain(
        lab,
        "ct state established,related accept",
        "oif lo accept",
        "udp dport 53 accept",
        policy="drop",
        hook="output",
    )


@healthy()
def iptables_by_the_book(lab: Lab) -> None:
    """The image's rules, with the ACCEPT in front of the REJECT."""
    lines = SHIPPED.splitlines(keepends=True)
    reject = next(number for number, line in enumerate(lines) if "INPUT -j REJECT" in line)
    moved = lines[:reject] + lines[reject + 1 : reject + 3] + [lines[reject]] + lines[reject + 3 :]
    restored(lab, "".join(moved))


@healthy()
def firewalld_on_iptables(lab: Lab) -> None:
    """firewalld's rules are iptables', and 443 is open."""
    on_iptables(lab)
