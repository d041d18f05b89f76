"""A bridge of a container engine has the network of the visitor for whom the run judges: the
server looks for this visitor on the bridge, and its answers get lost."""

from ..lab import Lab
from ..scenario import healthy, scenario

# In the network of the bridge, and at the other end of the Internet.
OFFICE = "192.168.100.3"


def bridge_of_containers(lab: Lab) -> None:
    lab.undo(lambda: lab.server.run(["ip", "link", "del", "br-5f2c1a2b3c4d"]))
    lab.server.sh(
        "ip link add br-5f2c1a2b3c4d type bridge; ip link set br-5f2c1a2b3c4d up; "
        "ip addr add 192.168.96.1/20 dev br-5f2c1a2b3c4d"
    )


@scenario(
    outside=None, server="host.visitors-on-link", args=("--from", OFFICE),
    unsure=("client",), manual="the networks of a container engine are moved by a person",
)  # fmt: skip
def the_visitor_is_in_the_network_of_a_bridge_of_containers(lab: Lab) -> None:
    """`docker compose up` has chosen the network of the office behind a VPN."""
    bridge_of_containers(lab)


@healthy(args=("--from", "192.168.96.5"), unsure=("client",))
def the_visitor_is_a_container(lab: Lab) -> None:
    """It has the bridge's network by right: it says its link-layer address."""
    bridge_of_containers(lab)
    lab.server.sh(
        "ip neigh add 192.168.96.5 lladdr 02:42:c0:a8:60:05 dev br-5f2c1a2b3c4d nud permanent"
    )
