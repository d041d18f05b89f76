"""Containers of a compose file, which their labels name. Docker does not run here: see
`nginx_in_container`. The labels are those of docker compose 2.29."""

import json

from .. import site
from ..containers import Engine, application, proxied, proxy
from ..lab import HERE, SERVER, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import NO_ENGINE, PANEL, STARTED

FOLDER = "/srv/blog"
TEXT = proxied("http://app:3000")


def labels(service: str) -> dict[str, str]:
    prefix = "com.docker.compose"
    return {
        f"{prefix}.project": "blog",
        f"{prefix}.project.config_files": f"{FOLDER}/docker-compose.yml",
        f"{prefix}.project.working_dir": FOLDER,
        f"{prefix}.service": service,
        f"{prefix}.version": "2.29.7",
    }


def _with_mount(lab: Lab, source: str, point: str, text: str = TEXT) -> Engine:
    engine = Engine(lab)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.server.sh(f"mkdir -p {source}")
    address = application(engine, labels=labels("app"))
    proxy(engine, text, hosts=f"{address} app\n", binds=[(source, point)], labels=labels("proxy"))
    return engine


@scenario(
    outside="tcp.refused", server="listener.container-stopped", manual=NO_ENGINE, not_on=PANEL
)
def file_of_nginx_is_a_folder(lab: Lab) -> None:
    """The most frequent surprise of a mounted file: the server had none, so docker made a folder.
    nginx: pread() failed (21: Is a directory)."""
    engine = _with_mount(lab, f"{FOLDER}/nginx.conf", "/etc/nginx/conf.d/default.conf")
    engine.ended("proxy", 1)


@scenario(
    outside="tcp.refused", server="listener.container-stopped", manual=NO_ENGINE, not_on=PANEL
)
def certificate_is_a_folder(lab: Lab) -> None:
    """The same with the certificate: OpenSSL says "no start line"."""
    point = "/certs/fullchain.pem"
    text = TEXT.replace(site.PEM, point)
    _with_mount(lab, f"{FOLDER}/fullchain.pem", point, text).ended("proxy", 1)


@healthy(not_on=PANEL)
def folder_is_mounted_as_a_folder(lab: Lab) -> None:
    _with_mount(lab, f"{FOLDER}/snippets", "/etc/nginx/snippets").answers(443)


@scenario(
    outside="http.server-error",
    server="upstream.container-unserved",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_publishes_a_port_that_the_application_has_not(lab: Lab) -> None:
    """ports: "127.0.0.1:8080:80", and the application listens on 3000: connection reset by peer."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    application(engine, ports=((8080, 80),), bind="127.0.0.1")
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="upstream.refused",
    differs=(site.CONF,),
    not_on=PANEL,
)
def application_is_published_at_one_address_of_the_server(lab: Lab) -> None:
    """ports: "203.0.113.10:8080:3000", and nginx of the server asks 127.0.0.1:8080."""
    engine = Engine(lab)
    application(engine, ports=((8080, 3000),), bind=SERVER, labels=labels("app"))
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    engine.answers(8080, SERVER)


@healthy(not_on=PANEL)
def application_is_asked_at_the_address_of_its_container(lab: Lab) -> None:
    engine = Engine(lab)
    application(engine, ports=((8080, 3000),), bind=SERVER, labels=labels("app"))
    lab.edit("127.0.0.1:3000", f"{SERVER}:8080")
    lab.reload()
    engine.answers(8080, SERVER)


@scenario(
    outside="http.server-error",
    server="upstream.container-unserved",
    differs=STARTED,
    not_on=PANEL,
)
def compose_file_tells_the_program_its_loopback(lab: Lab) -> None:
    """command: … --host 127.0.0.1, as for a program of the server: connection reset by peer."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    words = engine.server.python(str(HERE / "application.py"), "--host", "127.0.0.1")
    command = f"command: {json.dumps(words)}"
    application(engine, ports=((8080, 3000),), bind="127.0.0.1", host="127.0.0.1", lines=(command,))
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="upstream.container-unpublished",
    differs=STARTED,
    not_on=PANEL,
)
def second_service_publishes_no_port(lab: Lab) -> None:
    """The first service of the compose file has `ports`, the second has `expose`."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    application(engine, "web", ports=((8080, 3000),), bind="127.0.0.1")
    argv = engine.server.python(str(HERE / "application.py"), "--host", "0.0.0.0", "--port", "4000")
    address = engine.run("api", argv, lines=("expose:", '  - "4000"'))
    engine.reaches(address, 4000)
    lab.edit("127.0.0.1:3000", "127.0.0.1:4000")
    lab.reload()


@scenario(
    outside="http.server-error",
    server="upstream.container-unpublished",
    differs=(*STARTED, site.CONF),
    not_on=PANEL,
)
def service_has_left_its_address(lab: Lab) -> None:
    """nginx of the server asks an address of the compose file's network that no container has
    now."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    application(engine)
    lab.edit("127.0.0.1:3000", "172.18.0.9:3000")
    lab.reload()


@healthy(not_on=PANEL)
def service_publishes_another_number_on_loopback(lab: Lab) -> None:
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    application(engine, ports=((8080, 3000),), bind="127.0.0.1")
    engine.answers(8080)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
