"""The machine that asks."""

from ..lab import Lab
from ..scenario import scenario


@scenario(outside="host.no-route", server=None, manual="the route has to be known")
def client_has_no_default_route(lab: Lab) -> None:
    """The client reaches its own network and nothing else."""
    lab.client.sh("ip route del default")
