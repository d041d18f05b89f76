"""What is mounted into a container keeps its program from its start. Docker does not run here: see
`nginx_in_container`."""

from ..containers import Engine, application, proxied, proxy
from ..hosts import until
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import COMPOSE, PANEL, STARTED

FOLDER = "/srv/n8n"
POINT = "/home/node/.n8n"


def _n8n(lab: Lab, owner: str) -> Engine:
    """A program that runs as the user 1000, as `USER node` of the image says, and keeps a file in a
    mounted folder. The folder is its own only if `owner` says so."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    server.sh(f"mkdir -p {FOLDER}/data; chown {owner} {FOLDER}/data")
    own = str(HERE / "application.py")
    argv = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"]
    code = (
        f"import runpy, sys; open('{POINT}/config', 'w').close();"
        f" sys.argv = ['', '--host', '0.0.0.0']; runpy.run_path('{own}', run_name='__main__')"
    )
    engine.run(
        "n8n",
        [*argv, *server.python("-c", code)],
        ports=((8080, 3000),),
        binds=(("./data", POINT),),
        bind="127.0.0.1",
    )
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    return engine


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    differs=STARTED,
    not_on=PANEL,
)
def folder_of_n8n_is_roots(lab: Lab) -> None:
    """https://github.com/n8n-io/n8n/issues/14768: docker made the mounted folder for root."""
    engine = _n8n(lab, "0:0")
    until(lambda: "denied" in engine.docker("logs", "n8n"), "n8n ends")
    engine.docker("ended", "n8n", "2")


@healthy(not_on=PANEL)
def folder_of_n8n_is_its_own(lab: Lab) -> None:
    _n8n(lab, "1000:1000").answers(8080)


def _mistyped(lab: Lab, folder: str) -> Engine:
    """nginx in a container, with its file from a folder of this name; it is in `nginx`."""
    engine = Engine(lab, COMPOSE)
    application(engine)
    lab.server.write("/srv/proxy/nginx/own.conf", "map_hash_max_size 4096;\n")
    proxy(
        engine,
        f"include /etc/nginx/own.conf;\n{proxied('http://app:3000')}",
        binds=((f"./{folder}/own.conf", "/etc/nginx/own.conf"),),
    )
    return engine


@scenario(outside="tcp.refused", server="listener.container-stopped", differs=STARTED, not_on=PANEL)
def path_of_a_mounted_file_is_mistyped(lab: Lab) -> None:
    """https://github.com/nginx-proxy/nginx-proxy/issues/923: docker made a folder of that name, and
    nginx says "pread() … failed (21: Is a directory)"."""
    _mistyped(lab, "ngnix").ended("proxy", 1)


@healthy(not_on=PANEL)
def path_of_a_mounted_file_is_right(lab: Lab) -> None:
    _mistyped(lab, "nginx").answers(443)


def _script(lab: Lab, end: str) -> Engine:
    """A program in a container that a mounted script starts, whose lines end like this."""
    engine, server = Engine(lab, f"{FOLDER}/docker-compose.yml"), lab.server
    start = " ".join(server.python(str(HERE / "application.py"), "--host", "0.0.0.0"))
    lines = ("#!/bin/sh", f"exec {start}", "")
    server.write(f"{FOLDER}/entrypoint.sh", end.join(lines), 0o755)
    words = "exec /entrypoint.sh: no such file or directory"
    engine.run(
        "web",
        ["sh", "-c", f"/entrypoint.sh || {{ echo '{words}' >&2; exit 1; }}"],
        ports=((8080, 3000),),
        binds=(("./entrypoint.sh", "/entrypoint.sh"),),
        bind="127.0.0.1",
    )
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    return engine


@scenario(
    outside="http.server-error",
    server="upstream.container-stopped",
    differs=(*STARTED, f"{FOLDER}/entrypoint.sh"),
    not_on=PANEL,
)
def script_of_a_container_has_the_line_ends_of_windows(lab: Lab) -> None:
    """https://github.com/bodleian/iiif-static-choices/issues/20"""
    engine = _script(lab, "\r\n")
    until(lambda: "no such file" in engine.docker("logs", "web"), "web ends")
    engine.docker("ended", "web", "1")


@healthy(not_on=PANEL)
def script_of_a_container_has_plain_line_ends(lab: Lab) -> None:
    _script(lab, "\n").answers(8080)
