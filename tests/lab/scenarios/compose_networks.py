"""nginx in a container of a compose file, and an application that it does not reach: the remedy
changes the file and makes the container anew. Docker does not run here: see `nginx_in_container`
and `tests/lab/compose.py`."""

from ..containers import ComposeFile, Engine, application, proxied, proxy
from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

PROXY, SHOP = "/srv/proxy/docker-compose.yml", "/srv/shop/compose.yaml"


def apart(lab: Lab, upstream: str, **more: object) -> Engine:
    """nginx and the application, each of a compose file of its own: two networks."""
    engine = Engine(lab, SHOP)
    application(engine)
    engine.compose = ComposeFile(engine, PROXY)
    proxy(engine, proxied(upstream), **more)  # type: ignore[arg-type]
    return engine


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_with_both_and_localhost_in_nginx(lab: Lab) -> None:
    """https://github.com/nginxinc/docker-nginx/issues/394 and many more: one compose file, and
    proxy_pass says localhost."""
    engine = Engine(lab, PROXY)
    application(engine)
    proxy(engine, proxied("http://localhost:3000"))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def localhost_of_another_compose_project(lab: Lab) -> None:
    """The application is of another compose file, in a network that nginx has not."""
    apart(lab, "http://127.0.0.1:3000").answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_with_nginx_and_an_application_on_the_server(lab: Lab) -> None:
    """The application runs on the server, at all its addresses, and proxy_pass says localhost."""
    lab.application("--host", "0.0.0.0")
    engine = Engine(lab, PROXY)
    proxy(engine, proxied("http://localhost:3000"))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_with_nginx_and_an_application_on_the_servers_loopback(lab: Lab) -> None:
    """The same, and the application listens on the server's 127.0.0.1 alone."""
    engine = Engine(lab, PROXY)
    proxy(engine, proxied("http://127.0.0.1:3000"))
    engine.answers(443)


@healthy(not_on=PANEL)
def compose_file_gives_nginx_the_servers_network(lab: Lab) -> None:
    proxy(Engine(lab, PROXY), proxied("http://127.0.0.1:3000"), (), network="host")
    until(lambda: lab.server.listening(443), "nginx in the container serves")


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def nginx_without_a_compose_file_and_an_application_on_the_server(lab: Lab) -> None:
    """The same, and `docker run` made nginx's container."""
    lab.application("--host", "0.0.0.0")
    engine = Engine(lab)
    proxy(engine, proxied("http://127.0.0.1:3000"))
    engine.answers(443)


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def name_of_a_service_of_another_compose_project(lab: Lab) -> None:
    """After many questions ("host not found in upstream"): the name is right, and known in the
    network of the other project alone."""
    apart(lab, "http://app:3000").ended("proxy", 1)


@scenario(
    outside="http.server-error",
    server="upstream.unreachable",
    differs=STARTED,
    not_on=PANEL,
)
def address_of_a_container_of_another_compose_project(lab: Lab) -> None:
    """Engines let nothing pass between their networks."""
    apart(lab, "http://172.18.0.2:3000").answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.unreachable",
    differs=STARTED,
    not_on=PANEL,
)
def address_of_a_container_in_a_network_of_its_own(lab: Lab) -> None:
    """`docker run` made nginx's container, in the default network."""
    engine = Engine(lab, SHOP)
    address = application(engine)
    engine.compose = None
    proxy(engine, proxied(f"http://{address}:3000"))
    engine.answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-loopback",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_gives_the_services_name_to_loopback(lab: Lab) -> None:
    """extra_hosts: "app:127.0.0.1", left from a time without containers."""
    engine = Engine(lab, PROXY)
    application(engine)
    lines = ("extra_hosts:", '  - "app:127.0.0.1"')
    proxy(engine, proxied("http://app:3000"), lines=lines)
    engine.answers(443)


@healthy(not_on=PANEL)
def two_compose_projects_share_a_network(lab: Lab) -> None:
    """nginx's file names the network of the other project as an external one."""
    engine = Engine(lab, SHOP)
    application(engine)
    engine.compose = ComposeFile(engine, PROXY)
    engine.compose.networks = "\nnetworks:\n  shop:\n    external: true\n    name: shop_default\n"
    lines = ("networks:", "  - default", "  - shop")
    proxy(engine, proxied("http://app:3000"), lines=lines)
    engine.answers(443)


@healthy(not_on=PANEL)
def compose_file_names_the_server(lab: Lab) -> None:
    """extra_hosts: host.docker.internal:host-gateway."""
    lab.application("--host", "0.0.0.0")
    engine = Engine(lab, PROXY)
    lines = ("extra_hosts:", '  - "host.docker.internal:host-gateway"')
    proxy(engine, proxied("http://host.docker.internal:3000"), lines=lines)
    engine.answers(443)
