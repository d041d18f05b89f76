"""nginx of the server itself, and the name of a container in its configuration, as in a compose
file of which nginx is no part. Docker does not run here: see `nginx_in_container`."""

from .. import caddy, site
from ..containers import Engine, application
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx import start_in_vain
from .nginx_in_container import PANEL, STARTED

FILE = "/srv/blog/docker-compose.yml"


def _named(lab: Lab, ports: tuple[tuple[int, int], ...], compose: str = "") -> None:
    """The container has the name and the port that nginx asks for; beside it, another program has
    that port of the server."""
    application(Engine(lab, compose), "backend", ports=ports, bind="127.0.0.1")
    lab.edit("http://127.0.0.1:3000", "http://backend:3000")
    start_in_vain(lab)


@scenario(
    outside="tcp.refused",
    server="nginx.upstream-unresolvable",
    differs=(*STARTED, site.CONF),
    not_on=PANEL,
)
def nginx_of_the_server_has_the_name_of_a_published_container(lab: Lab) -> None:
    """After many threads ("host not found in upstream backend"): ports "127.0.0.1:8080:3000"."""
    _named(lab, ((8080, 3000),))


@scenario(
    outside="tcp.refused",
    server="nginx.upstream-unresolvable",
    differs=(*STARTED, site.CONF),
    not_on=PANEL,
)
def nginx_of_the_server_has_the_name_of_a_hidden_container(lab: Lab) -> None:
    """The same, and the compose file publishes nothing."""
    lab.application_service.stop()
    _named(lab, (), FILE)


@healthy(not_on=PANEL)
def name_of_a_container_is_in_hosts(lab: Lab) -> None:
    """Odd, and it works: /etc/hosts has the container's address under its name."""
    engine = Engine(lab)
    address = application(engine, "backend")
    text = lab.server.read("/etc/hosts")
    lab.undo(lambda: lab.server.write("/etc/hosts", text))
    lab.server.write("/etc/hosts", f"{text}\n{address} backend\n")
    lab.edit("http://127.0.0.1:3000", "http://backend:3000")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="server.application-down",
    needs=caddy.needs_caddy,
    differs=(caddy.CONFIG,),
    not_on=PANEL,
)
def two_digits_of_a_published_port_changed_places(lab: Lab) -> None:
    """https://proxyosd2.homelabza.com/docs/troubleshooting/502-bad-gateway ("wrong port"): Caddy
    has 8014, the container is published at 8041, and another program has a page, too."""
    application(Engine(lab), ports=((8041, 3000),), bind="127.0.0.1")
    caddy.serve(lab, caddy.SHOP.replace("127.0.0.1:3000", "127.0.0.1:8014"))


@scenario(outside="http.server-error", server="upstream.refused", differs=(site.CONF,))
def digit_of_a_port_is_another_and_two_programs_run(lab: Lab) -> None:
    """https://runebook.dev/ru/docs/http/rfc9110/section-15.6.3: nginx has 8080, the application
    listens on 8000, and another program has a page at "/", too."""
    lab.application_service.stop()
    words = lab.server.python(str(HERE / "application.py"), "--port", "8000")
    lab.spawn(lab.server, words, 8000)
    lab.spawn(lab.server, lab.server.python("-m", "http.server", "9191", "-b", "127.0.0.1"), 9191)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
