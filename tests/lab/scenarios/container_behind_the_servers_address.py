"""nginx in a container passes requests on to the server's own address, and the application is in a
container beside it that publishes no port.

After https://github.com/DanielDent/docker-nginx-ssl-proxy/issues/37 ("No route to host").
"""

from ..containers import Engine, application, proxied, proxy
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL

BRIDGE = "172.17.0.1"
NAMED = "the container's name has to be written in its file"


def _beside(lab: Lab, target: str, *, rejects: bool) -> None:
    engine = Engine(lab)
    address = application(engine)
    if rejects:
        zone = "firewall-cmd -q --zone=trusted --remove-interface=docker0"
        lab.server.sh(f"{zone}; firewall-cmd -q --zone=public --change-interface=docker0")
        gone = "firewall-cmd -q --zone=public --remove-interface=docker0"
        lab.undo(lambda: lab.server.sh(gone, check=False))
    proxy(engine, proxied(target), hosts=f"{address} app\n")
    engine.answers(443)


@scenario(
    outside="http.server-error", server="upstream.container-unpublished", manual=NAMED,
    not_on=PANEL,
)  # fmt: skip
def address_of_the_server_that_its_firewall_rejects(lab: Lab) -> None:
    """No program is behind the address: a rule that lets the connection in does not help."""
    _beside(lab, f"http://{SERVER}:3000", rejects=True)


@scenario(
    outside="http.server-error", server="upstream.container-unpublished", manual=NAMED,
    not_on=PANEL,
)  # fmt: skip
def gateway_of_the_bridge_that_refuses(lab: Lab) -> None:
    """The same at the bridge's address, and nothing rejects: 111."""
    _beside(lab, f"http://{BRIDGE}:3000", rejects=False)


@scenario(
    outside="http.server-error", server="upstream.container-unpublished", manual=NAMED,
    not_on=PANEL,
)  # fmt: skip
def gateway_of_the_bridge_for_a_port_on_loopback(lab: Lab) -> None:
    """`ports: ["127.0.0.1:8080:3000"]`, and a proxy in another container asks 172.17.0.1:8080."""
    engine = Engine(lab)
    address = application(engine, ports=((8080, 3000),), bind="127.0.0.1")
    proxy(engine, proxied(f"http://{BRIDGE}:8080"), hosts=f"{address} app\n")
    engine.answers(443)


@healthy(not_on=PANEL)
def name_of_the_container_beside_a_firewall(lab: Lab) -> None:
    _beside(lab, "http://app:3000", rejects=True)
