"""Web servers that a person started from a folder of their own, as guides for a first site do: the
paths of the command line begin at the working directory, or there is no path at all."""

from .. import caddy, haproxy
from ..hosts import until
from ..lab import Lab
from .caddy import WS, caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

#: The folder of the site. The laboratory takes it away again.
FOLDER = "/srv/site"


def _folder(lab: Lab) -> None:
    lab.server.sh(f"mkdir -p {FOLDER}/conf.d")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))


def _listening(lab: Lab) -> None:
    for port in (80, 443):
        until(lambda port=port: lab.server.listening(port), f"the site is served on {port}")  # type: ignore[misc]


def _caddy(lab: Lab, file: str, options: str = "", port: int = 3000) -> None:
    """Start Caddy in the folder with the site in this file."""
    caddy.install(lab)
    _folder(lab)
    text = lab.server.read(caddy.CONFIG).replace("127.0.0.1:3000", f"127.0.0.1:{port}")
    lab.server.write(f"{FOLDER}/{file}", text)
    start = f"HOME={caddy.HOME} caddy start {options} >/dev/null 2>&1"
    lab.server.sh(f"cd {FOLDER} && {start}")
    _listening(lab)


def _haproxy(lab: Lab, port: int = 3000) -> None:
    """Start HAProxy in the folder with `-f haproxy.cfg`."""
    haproxy.install(lab)
    _folder(lab)
    text = lab.server.read(haproxy.CONFIG).replace("127.0.0.1:3000", f"127.0.0.1:{port}")
    lab.server.write(f"{FOLDER}/haproxy.cfg", text)
    lab.server.sh(f"cd {FOLDER} && haproxy -W -D -f haproxy.cfg -p {haproxy.PID}")
    _listening(lab)


@healthy_caddy(args=WS)
def caddy_from_its_working_directory(lab: Lab) -> None:
    """https://caddyserver.com/docs/getting-started: `caddy start` beside the Caddyfile."""
    _caddy(lab, "Caddyfile")


@healthy_caddy(args=WS)
def caddy_from_its_own_json(lab: Lab) -> None:
    """https://caddyserver.com/docs/getting-started: the JSON that `caddy adapt` printed."""
    caddy.install(lab)
    _folder(lab)
    adapted = f"caddy adapt --config {caddy.CONFIG} --adapter caddyfile > {FOLDER}/caddy.json"
    lab.server.sh(adapted)
    started = f"caddy start --config {FOLDER}/caddy.json >/dev/null 2>&1"
    lab.server.sh(f"HOME={caddy.HOME} {started}")
    _listening(lab)


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def caddy_from_its_working_directory_with_another_port(lab: Lab) -> None:
    """The same start; the application listens on 3000, the line says 3001."""
    _caddy(lab, "Caddyfile", port=3001)


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def caddy_with_a_relative_path_and_another_port(lab: Lab) -> None:
    """`caddy start --config my.caddy --adapter caddyfile`."""
    _caddy(lab, "my.caddy", "--config my.caddy --adapter caddyfile", port=3001)


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def caddy_from_its_own_json_with_another_port(lab: Lab) -> None:
    """Caddy's own JSON: the place is the file, and it has no line."""
    caddy.install(lab)
    _folder(lab)
    adapted = f"caddy adapt --config {caddy.CONFIG} --adapter caddyfile > {FOLDER}/caddy.json"
    lab.server.sh(f"{adapted}; sed -i s/127.0.0.1:3000/127.0.0.1:3001/ {FOLDER}/caddy.json")
    started = f"caddy start --config {FOLDER}/caddy.json >/dev/null 2>&1"
    lab.server.sh(f"HOME={caddy.HOME} {started}")
    _listening(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_from_its_working_directory(lab: Lab) -> None:
    """`haproxy -f haproxy.cfg`, as in HAProxy's own examples: its test is run in that folder too,
    or it would say that there is no such file."""
    _haproxy(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def haproxy_from_its_working_directory_with_another_port(lab: Lab) -> None:
    """The same start; the application listens on 3000, the line says 3001."""
    _haproxy(lab, port=3001)


def _with_variables(lab: Lab, port: int) -> None:
    """The address of the application and the certificate are variables that `global` sets."""
    text = haproxy.SITE.replace("127.0.0.1:3000", '"${APP}"')
    text = text.replace(f"crt {haproxy.PEM}", 'crt "${PEM}"')
    variables = f"    setenv APP 127.0.0.1:{port}\n    setenv PEM {haproxy.PEM}\n"
    text = text.replace("global\n", f"global\n{variables}", 1)
    haproxy.serve(lab, text)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_sets_its_variables(lab: Lab) -> None:
    """HAProxy's manual, section 2.3 (Environment variables): setenv, and "${NAME}" in quotes."""
    _with_variables(lab, 3000)


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def haproxy_sets_a_variable_of_another_port(lab: Lab) -> None:
    """The same; the variable has a port on which nothing listens."""
    _with_variables(lab, 3001)


def _command(lab: Lab, options: str) -> None:
    """Start Caddy with one command that has all in its options, on port 80."""
    caddy.install(lab)
    _folder(lab)
    lab.server.path(caddy.CONFIG).unlink()
    lab.spawn(
        lab.server, ["sh", "-c", f"cd {FOLDER} && HOME={caddy.HOME} exec caddy {options}"], 80
    )


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    target="http://shop.example.com/",
    manual="start the application",
)
def caddy_of_one_command_with_another_port(lab: Lab) -> None:
    """https://caddyserver.com/docs/quick-starts/reverse-proxy: `caddy reverse-proxy --to :3001`,
    and the application listens on 3000."""
    _command(lab, "reverse-proxy --from http://shop.example.com --to 127.0.0.1:3001")


@healthy_caddy(target="http://shop.example.com/")
def caddy_of_one_command(lab: Lab) -> None:
    _command(lab, "reverse-proxy --from http://shop.example.com --to 127.0.0.1:3000")
