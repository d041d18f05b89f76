"""Apache, Caddy and HAProxy of the server itself, and an application in a container. Its engine is
the stand-in of `tests/lab/docker.py`."""

import json
from collections.abc import Sequence

from .. import apache, caddy, haproxy
from ..containers import Engine
from ..lab import HERE, Lab
from .servers_in_containers import STARTED, healthy_inner, inner_scenario

#: A port that no program of the laboratory's server has.
INNER = 3100
COMPOSE = "/srv/app/compose.yml"


def _application(
    lab: Lab, ports: Sequence[tuple[int, int]], host: str = "0.0.0.0", compose: str = ""
) -> Engine:
    engine = Engine(lab, compose)
    argv = engine.server.python(str(HERE / "application.py"), "--host", host, "--port", str(INNER))
    # The command stands in the compose file.
    lines = (f"command: {json.dumps(argv)}",)
    address = engine.run("app", argv, ports, bind="127.0.0.1", lines=lines)
    if host == "0.0.0.0":
        engine.reaches(address, INNER)
    return engine


def _behind_caddy(lab: Lab, authority: str) -> None:
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", authority))


def _behind_apache(lab: Lab, authority: str) -> None:
    text = f"{apache.HTTPS}\n{apache.HTTP}"
    apache.serve(lab, text.replace("127.0.0.1:3000", authority))


@inner_scenario(
    outside="http.server-error", server="server.application-in-container", differs=STARTED
)
def caddy_before_a_container_whose_program_listens_on_loopback(lab: Lab) -> None:
    """After many threads ("connection reset by peer"): the program in the container listens on
    127.0.0.1, which is the container's own."""
    _application(lab, [(8080, INNER)], host="127.0.0.1", compose=COMPOSE)
    _behind_caddy(lab, "127.0.0.1:8080")


@inner_scenario(
    outside="http.server-error", server="server.application-in-container", differs=STARTED
)
def apache_before_a_container_with_a_wrong_inner_port(lab: Lab) -> None:
    """-p 8080:80, and the program listens on another port."""
    _application(lab, [(8080, 80)], compose=COMPOSE)
    _behind_apache(lab, "127.0.0.1:8080")


@inner_scenario(
    outside="http.server-error", server="server.application-in-container", differs=STARTED
)
def caddy_before_a_container_without_ports(lab: Lab) -> None:
    """The compose file has no `ports`."""
    _application(lab, [], compose=COMPOSE)
    _behind_caddy(lab, f"127.0.0.1:{INNER}")


@inner_scenario(
    outside="http.server-error",
    server="server.application-in-container",
    differs=("rules", "listeners", "processes"),
)
def haproxy_before_a_container_that_was_stopped(lab: Lab) -> None:
    """docker stop app: the published port is closed."""
    engine = _application(lab, [(8080, INNER)])
    haproxy.serve(lab, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    engine.docker("stop", "app")


@inner_scenario(outside="http.server-error", server="server.application-in-container")
def apache_before_a_container_that_publishes_another_port(lab: Lab) -> None:
    """`ports: ["3100"]` publishes a port that the engine chooses, here 32768."""
    _application(lab, [(32768, INNER)])
    _behind_apache(lab, f"127.0.0.1:{INNER}")


@inner_scenario(
    outside="http.server-error",
    server="server.application-in-container",
    differs=(caddy.CONFIG,),
)
def caddy_asks_for_the_name_of_a_container(lab: Lab) -> None:
    """reverse_proxy app:3100, as in a Caddyfile for a container."""
    _application(lab, [(8080, INNER)])
    _behind_caddy(lab, f"app:{INNER}")


@inner_scenario(
    outside="http.server-error",
    server="server.application-in-container",
    differs=(caddy.CONFIG,),
    args=("app behind a caddy reverse proxy, but a 502: dial tcp: lookup app: no such host",),
)
def caddys_own_words_of_the_name_of_a_container(lab: Lab) -> None:
    """After 2FAuth 448: the words are Caddy's, and the container never asks for itself."""
    _application(lab, [(8080, INNER)])
    _behind_caddy(lab, f"app:{INNER}")


@inner_scenario(
    outside="http.server-error",
    server="server.application-in-container",
    differs=(caddy.CONFIG,),
)
def caddy_asks_the_old_address_of_a_container(lab: Lab) -> None:
    """The container was made anew, and has another address."""
    _application(lab, [(8080, INNER)])
    _behind_caddy(lab, f"172.17.0.9:{INNER}")


@healthy_inner()
def caddy_before_a_published_container(lab: Lab) -> None:
    _application(lab, [(8080, INNER)])
    _behind_caddy(lab, "127.0.0.1:8080")


@healthy_inner()
def apache_before_the_address_of_a_container(lab: Lab) -> None:
    """Nothing is published, and the server reaches the container at its own address."""
    _application(lab, [])
    _behind_apache(lab, f"172.17.0.2:{INNER}")
