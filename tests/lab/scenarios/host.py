"""The machine that asks."""

from ..lab import Lab
from ..scenario import scenario


@scenario(outside="host.no-route", server=None, manual="the route has to be known")
def client_has_no_default_route(lab: Lab) -> None:
    """The client reaches its own network and nothing else."""
    lab.client.sh("ip route del default")


@scenario(outside="host.no-route", server=None, manual="what is unplugged has to be plugged in")
def client_has_no_link(lab: Lab) -> None:
    """The client's only interface is down, and with it the way to the resolver."""
    lab.client.sh("ip link set eth0 down")
