"""How many routers the server's packets may pass."""

from ..lab import Lab
from ..scenario import healthy, scenario

SETTING = "net.ipv4.ip_default_ttl"
NO_FILE = "the file of it is not known"


def _set(lab: Lab, value: int) -> None:
    lab.undo(lambda: lab.server.sh(f"sysctl -qw {SETTING}=64"))
    lab.server.sh(f"sysctl -qw {SETTING}={value}")


@scenario(outside="tcp.timeout", server="host.ttl-too-low", both="tcp.timeout", manual=NO_FILE)
def replies_end_at_the_first_router(lab: Lab) -> None:
    """Set by hand to hide something from traceroute."""
    _set(lab, 1)


@healthy()
def replies_like_those_of_windows(lab: Lab) -> None:
    """128, which some people set."""
    _set(lab, 128)
