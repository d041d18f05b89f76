"""Seen from another place as well (`--vantage`): open for one, closed for the other."""

from .. import site
from ..elsewhere import ARGS, ELSEWHERE, elsewhere, names
from ..lab import CLIENT, ROUTER, Lab
from ..scenario import healthy, scenario
from .netfilter import chain

CONSOLE = "the cloud's console"


@healthy(args=ARGS)
def everybody_gets_in(lab: Lab) -> None:
    """The site is healthy, from the other place too."""
    elsewhere(lab)


@scenario(
    outside="tcp.timeout",
    server="tcp.closed-outside",
    both="tcp.never-arrives",
    args=ARGS,
    manual=CONSOLE,
)
def only_the_server_sees_the_site(lab: Lab) -> None:
    """The security group has no rule for 443. On the server all is well, after a thread on Server
    Fault ("works from localhost, times out from outside"): only the other place shows it."""
    elsewhere(lab)
    lab.cloud("tcp dport 443 drop")


@scenario(
    outside="tcp.closed-outside",
    server="tcp.closed-outside",
    args=ARGS,
    manual=CONSOLE,
)
def one_network_is_shut_out(lab: Lab) -> None:
    """The cloud's firewall blocks the other place's network, after reports on V2EX ("fine at home,
    dead from the office"). From the client it works."""
    elsewhere(lab)
    lab.cloud(f"ip saddr {ELSEWHERE} tcp dport 443 drop")


@scenario(
    outside="tcp.open-elsewhere",
    server=None,
    both="tcp.never-arrives",
    args=ARGS,
    manual=CONSOLE,
)
def only_here_it_is_dead(lab: Lab) -> None:
    """The client's address is on a list of blocked ones; the other place gets in, and the server
    sees a healthy site."""
    elsewhere(lab)
    lab.cloud(f"ip saddr {CLIENT} tcp dport 443 drop")


@scenario(
    outside="tcp.closed-outside",
    server="firewall.visitor-banned",
    args=ARGS,
    manual="who is shut out on purpose is let in by a person",
)
def the_server_drops_one_source(lab: Lab) -> None:
    """The server's own rules drop the other place's address, as a ban does; everybody else gets
    in. Over SSH the client sees the same."""
    elsewhere(lab)
    table = (
        "add table inet bans; add chain inet bans input { type filter hook input priority -10; }"
    )
    rule = f"add rule inet bans input ip saddr {ELSEWHERE} tcp dport 443 drop"
    lab.server.run(["nft", "-f", "-"], input=f"{table}\n{rule}\n", check=True)


@scenario(
    outside="tls.fails-outside",
    server="tls.fails-outside",
    args=ARGS,
    manual="what lies on the way of that place belongs to somebody else",
)
def the_handshake_is_cut_on_the_way_of_one(lab: Lab) -> None:
    """A filter on the other place's way resets its connections at the ClientHello, after reports of
    SNI filters (GFW, ICP filing): TCP connects, TLS does not."""
    elsewhere(lab)
    lab.cloud(f"ip saddr {ELSEWHERE} tcp dport 443 meta length > 200 reject with tcp reset")


@scenario(
    outside="dns.unknown-outside",
    server="dns.unknown-outside",
    args=ARGS,
    manual="the DNS provider's console",
)
def the_name_is_known_here_only(lab: Lab) -> None:
    """The other place's resolver does not know the name, after threads on "works inside, unknown
    outside" (split horizon)."""
    names(elsewhere(lab))


@scenario(
    outside="http.differs-outside",
    server="http.differs-outside",
    args=ARGS,
    manual="the rule may be meant",
)
def nginx_refuses_one_network(lab: Lab) -> None:
    """`deny` for the other place's network, in the server block: 403 there, 200 here."""
    elsewhere(lab)
    lab.edit("location / {", f"deny {ELSEWHERE}/24;\n    location / {{")
    lab.reload()


@healthy(args=("--ws", "/ws", *ARGS))
def everybody_opens_the_websocket(lab: Lab) -> None:
    """The page and the WebSocket, from the other place too."""
    elsewhere(lab)


@healthy(args=ARGS)
def a_site_that_asks_for_a_password(lab: Lab) -> None:
    """401 for everybody, from everywhere: no fault, and no difference."""
    elsewhere(lab)
    lab.edit("location / {", "location / {\n        return 401;")
    lab.reload()


@scenario(
    outside="dns.other-address-outside",
    server="dns.other-address-outside",
    args=ARGS,
    manual="the DNS provider's console",
)
def the_old_address_is_known_elsewhere(lab: Lab) -> None:
    """The site moved; the other place's resolver still has the old address, where nothing listens.
    After threads on Server Fault ("works for me, my customer gets a timeout since the move")."""
    names(elsewhere(lab), f"{ROUTER[1]} {site.NAME}")


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", args=ARGS)
def the_server_rejects_everybody(lab: Lab) -> None:
    """firewalld lets 443 in nowhere. The server sees itself through its loopback; the other place
    is told "No route to host", as the client is: one cause, in the server's own rules."""
    elsewhere(lab)
    lab.server.sh("""
        firewall-cmd --permanent --zone=public --remove-service=https
        firewall-cmd --reload
    """)


@scenario(
    outside="tcp.closed-outside",
    server="firewall.visitor-banned",
    args=ARGS,
    manual="who is shut out on purpose is let in by a person",
)
def the_server_rejects_one_source(lab: Lab) -> None:
    """The same as a reject, as fail2ban's usual action does it."""
    elsewhere(lab)
    table = (
        "add table inet bans; add chain inet bans input { type filter hook input priority -10; }"
    )
    rule = f"add rule inet bans input ip saddr {ELSEWHERE} tcp dport 443 reject"
    lab.server.run(["nft", "-f", "-"], input=f"{table}\n{rule}\n", check=True)


@scenario(outside="tcp.timeout", server="firewall.ruleset-blocks", args=ARGS)
def a_rule_of_the_server_drops_443_for_all(lab: Lab) -> None:
    """A table of its own drops 443. The other place gets no answer either, and its packets arrive:
    still one cause, the rule."""
    elsewhere(lab)
    chain(lab, "tcp dport 443 drop")


@healthy(args=ARGS, ipv6=True)
def a_place_without_ipv6(lab: Lab) -> None:
    """The site has IPv6 and the other place's network has none, as most homes' until lately."""
    elsewhere(lab).sh("ip -6 route del default; ip -6 addr flush dev eth0")
