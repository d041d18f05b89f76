"""Servers as people have them: grown configurations, written after those that programs publish.

A file of `grown_sites` holds one server:

    target /login                  what a visitor opens, / unless given
    websocket /cable               and its WebSocket, none unless given
    server nginx                   which programs serve, the front one first
    run puma http 127.0.0.1:3000   a program behind it: its name, what it speaks, where it listens
    === /etc/nginx/conf.d/a.conf   a file, up to the next such line; `0600` after it is its mode
    === /etc/nginx/x -> y          a link

`TLS_PEM` and `TLS_KEY` in a file are where the site's certificate and key lie; `TLS_BOTH` is one
file with both. `SITES 40 ... {} ... END` repeats what is between, with a number for `{}`.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import certificates, site
from .hosts import PATH, until
from .lab import Lab
from .web_servers import keep_only

HERE = Path(__file__).parent
FOLDER = HERE / "grown_sites"
PEM, KEY, BOTH = "/etc/ssl/lab/site.pem", "/etc/ssl/lab/site.key", "/etc/ssl/lab/both.pem"
STAND_IN = str(HERE / "applications" / "stand_in.py")


@dataclass(frozen=True, slots=True)
class Program:
    """A program behind the web server: `speaks` is http, php or apache's own."""

    name: str
    speaks: str
    place: str


@dataclass(slots=True)
class Grown:
    """A server: its files, by path, with their modes; links, by path."""

    name: str
    target: str = "/"
    websocket: str = ""
    servers: list[str] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def _repeated(match: re.Match[str]) -> str:
    return "".join(match[2].replace("{}", str(number)) for number in range(1, int(match[1]) + 1))


def read(name: str) -> Grown:
    text = (FOLDER / f"{name}.txt").read_text()
    text = text.replace("TLS_PEM", PEM).replace("TLS_KEY", KEY).replace("TLS_BOTH", BOTH)
    text = re.sub(r"^SITES (\d+)\n(.*?)^END\n", _repeated, text, flags=re.M | re.S)
    head, *parts = re.split(r"^=== ", text, flags=re.M)
    made = Grown(name)
    for line in head.splitlines():
        match line.split():
            case ["target", path]:
                made.target = path
            case ["websocket", path]:
                made.websocket = path
            case ["server", *names]:
                made.servers = names
            case ["run", program, speaks, place]:
                made.programs.append(Program(program, speaks, place))
            case ["modules", *names]:
                made.modules = names
            case ["host", *_]:
                made.hosts.append(line.removeprefix("host "))
    for part in parts:
        line, _, body = part.partition("\n")
        match line.split():
            case [path, "->", to]:
                made.links[path] = to
            case [path, mode]:
                made.files[path] = (body, int(mode, 8))
            case [path]:
                made.files[path] = (body, 0o644)
    made.servers = made.servers or ["nginx"]
    return made


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def lacking(made: Grown) -> str:
    """Why it cannot be played here; "" if it can."""
    absent = [name for name in made.servers if not shutil.which(name, path=PATH)]
    if absent:
        return f"{', '.join(absent)} is not here"
    needs_stream = any(re.search(r"^stream \{", text, re.M) for text, _ in made.files.values())
    built = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=False).stderr
    # Not "--with-stream=dynamic": that module is a package of its own.
    return "nginx is here without stream" if needs_stream and "--with-stream " not in built else ""


def _there(lab: Lab, place: str) -> bool:
    if place.startswith("/"):
        return lab.server.path(place).is_socket()
    return lab.server.listening(int(place.rpartition(":")[2]))


def run(lab: Lab, program: Program) -> None:
    """Start a program behind the web server, until the next restore."""
    argv = lab.server.python(STAND_IN, program.name, program.speaks, program.place)
    if program.place.startswith("/"):
        lab.undo(lambda: lab.server.sh(f"rm -f {program.place}"))
    lab.spawn(lab.server, argv, partial(_there, lab, program.place))


def lay_out(lab: Lab, made: Grown) -> None:
    """Write the server's files in the place of the laboratory's own site."""
    server, good = lab.server, certificates.good()
    lab.stop_nginx()
    keep_only(lab, *made.servers)
    server.sh("""
        rm -rf /etc/nginx/sites-*/* /etc/nginx/conf.d/* /etc/nginx/ssl /etc/apache2/sites-enabled/*
        rm -f /run/nginx-*.sock
        mkdir -p /etc/ssl/lab /var/log/nginx /var/log/apache2 /run/haproxy
    """)
    server.write(PEM, good.chain)
    server.write(KEY, good.key_pem, 0o600)
    server.write(BOTH, good.chain + good.key_pem, 0o600)
    # What the laboratory does not put back itself.
    own = {
        "/".join(path.split("/")[:4]) for path in made.files if path.startswith(("/srv", "/usr"))
    }
    lab.undo(lambda: server.sh(f"rm -rf {' '.join(sorted(own))}"))
    for path, (text, mode) in made.files.items():
        server.write(path, text, mode)
    for path, to in made.links.items():
        server.sh(f"mkdir -p $(dirname {path}); ln -sfn {to} {path}")
    if made.hosts:
        server.write("/etc/hosts", server.read("/etc/hosts") + "\n".join([*made.hosts, ""]))
    if "apache2" in made.servers:
        server.run(["a2enmod", "-q", *made.modules], check=True)
        server.write("/etc/apache2/conf-enabled/name.conf", "ServerName web1.example.com\n")
    server.sh(
        "find /etc/nginx /etc/apache2 /etc/haproxy /etc/caddy /var/www -exec touch -h "
        "-d '2 hours ago' {} + 2>/dev/null; :"
    )


START: dict[str, Callable[[Lab], object]] = {
    "nginx": lambda lab: lab.try_to_start_nginx(),
    "apache2": lambda lab: lab.server.run(["apachectl", "start"]),
    "haproxy": lambda lab: lab.server.run(
        ["haproxy", "-W", "-D", "-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid"]
    ),
    "caddy": lambda lab: lab.server.sh(
        "mkdir -p /run/caddy-home; HOME=/run/caddy-home caddy start --config /etc/caddy/Caddyfile"
        " --adapter caddyfile >/run/caddy.out 2>&1",
        check=False,
    ),
}  # fmt: skip


def start(lab: Lab, made: Grown) -> None:
    """Start the web servers, the front one last. They may refuse."""
    for name in reversed(made.servers):
        START[name](lab)


def restart(lab: Lab, made: Grown) -> None:
    """Stop the web servers and start them with the files as they are. They may refuse."""
    for name in made.servers:
        if name == "nginx":
            lab.stop_nginx()
            lab.server.sh("rm -f /run/nginx-*.sock")  # nginx was killed, and left them
        else:
            until(partial(_ended, lab, name), f"{name} ends")
    start(lab, made)


def _ended(lab: Lab, name: str) -> bool:
    lab.server.kill(left := lab.server.pids(name))
    return not left


def serve(lab: Lab, made: Grown) -> None:
    lab.application_service.stop()  # its port is another program's here
    for program in made.programs:
        run(lab, program)
    lay_out(lab, made)
    start(lab, made)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor gets, of the page and of the WebSocket."""

    page: str
    websocket: str


def visit(lab: Lab, made: Grown) -> Visit:
    ask = str(HERE / "look_at.py")
    argv = lab.client.python(ask, site.NAME, made.target, made.websocket)
    page, _, websocket = lab.client.run(argv).stdout.strip().partition("\n")
    return Visit(page, websocket)


def settled(lab: Lab, made: Grown) -> None:
    """Wait until a healthy server serves."""
    until(lambda: visit(lab, made).page.startswith("200"), f"{made} serves")


if __name__ == "__main__":
    print(*names(), sep="\n")
