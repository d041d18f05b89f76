"""Between the client and the server's port."""

from ..lab import SERVER, Lab
from ..scenario import scenario

CONSOLE = "the cloud's console"
PATH = "a router on the way belongs to somebody else"


def for_the_client(lab: Lab, route: str) -> None:
    """A route that only what comes in from the client takes: the server still has its resolver."""
    lab.undo(lambda: lab.router.sh("ip rule del table 99; ip route flush table 99"))
    lab.router.sh(f"ip route add {route} {SERVER} table 99; ip rule add iif eth0 table 99")


@scenario(outside="tcp.timeout", server=None, manual=CONSOLE)
def security_group_drops_443(lab: Lab) -> None:
    """The security group has no rule for 443."""
    lab.cloud("tcp dport 443 drop")


@scenario(outside="tcp.timeout", server=None, manual=CONSOLE)
def security_group_drops_web(lab: Lab) -> None:
    """The security group has rules for neither 80 nor 443."""
    lab.cloud("tcp dport { 80, 443 } drop")


@scenario(outside="tcp.timeout", server=None, manual=CONSOLE)
def network_acl_drops_replies(lab: Lab) -> None:
    """The subnet's ACL lets requests in and no answers out."""
    lab.cloud("tcp sport 443 drop")


@scenario(outside="tcp.timeout", server=None, manual=PATH)
def router_swallows_everything(lab: Lab) -> None:
    """A black-hole route on the way."""
    for_the_client(lab, "blackhole")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_rejects_443(lab: Lab) -> None:
    """A firewall on the way says so."""
    lab.cloud("tcp dport 443 reject with icmpx type admin-prohibited")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_an_unreachable_route(lab: Lab) -> None:
    """The address was null-routed."""
    for_the_client(lab, "unreachable")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_a_prohibit_route(lab: Lab) -> None:
    """The address is prohibited by policy."""
    for_the_client(lab, "prohibit")


@scenario(outside="tcp.rejected-by-router", server=None, manual=PATH)
def router_has_no_route(lab: Lab) -> None:
    """Network unreachable, says the router: the public address has been released."""
    lab.dns(["192.0.2.10"])
    lab.server.sh("ip addr add 192.0.2.10/32 dev eth0")


@scenario(outside="tcp.host-down", server="host.link-down", manual="its routes are lost with it")
def link_is_down(lab: Lab) -> None:
    """The server's only interface is down."""
    lab.server.sh("ip link set eth0 down")


@scenario(outside="tcp.timeout", server="tcp.no-return-route", manual="the route has to be known")
def server_has_no_default_route(lab: Lab) -> None:
    """The server hears the client and has no way to answer."""
    lab.server.sh("ip route del default")


@scenario(outside="tcp.path-mtu", server=None, manual=PATH)
def large_answers_are_lost(lab: Lab) -> None:
    """A path-MTU black hole: the server's certificate does not get through."""
    lab.cloud(f"ip saddr {SERVER} meta length > 1000 drop")


@scenario(outside="tcp.large-hello-lost", server=None, manual=PATH)
def large_hellos_are_lost(lab: Lab) -> None:
    """Something on the way drops the post-quantum ClientHello."""
    lab.cloud(f"ip daddr {SERVER} meta length > 1300 drop")
