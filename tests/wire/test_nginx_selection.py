"""Our choice of server block and location, held to the real program: configurations made up,
sixty in all, loaded by one nginx after another on loopback, and asked."""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diagnose.wire import serving
from diagnose.wire.nginx import parse

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SITES = 12

NAMES = (
    "a.t", "b.a.t", "c.b.a.t", "a.b", "*.t", "*.a.t", ".a.t", ".t", "a.*", "b.a.*", "~^b\\\\.",
    "~t$", "~^(?<x>.)\\\\.a", "_", '""',
)  # fmt: skip
ASKED = ("a.t", "b.a.t", "c.b.a.t", "d.c.b.a.t", "x.t", "t", "a.b", "b.a.x.y", "B.A.T", "z.z")
PREFIXES = ("/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/A")
EXPRESSIONS = ("~ ^/a", "~* B$", "~ /b", "~ \\.php$", "~* ^/A/", "~^/ab")
PATHS = (
    "/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/x.php", "/A", "/A/B", "/z", "//a//b",
    "/x/../a/b?/c", "/%61b",
)  # fmt: skip


@dataclass(frozen=True)
class Loc:
    head: str
    proxied: bool
    inner: tuple["Loc", ...] = ()


@dataclass(frozen=True)
class Srv:
    names: tuple[str, ...]
    default: bool
    locations: tuple[Loc, ...]


def heads(below: str = "") -> st.SearchStrategy[str]:
    under = [one for one in PREFIXES if one.startswith(below)]
    prefix = st.tuples(st.sampled_from(["", "", "= ", "^~ "]), st.sampled_from(under))
    return st.one_of(prefix.map("".join), prefix.map("".join), st.sampled_from(EXPRESSIONS))


def same(head: str) -> str:
    """`/a` and `^~ /a` are one location twice; `= /a` is another."""
    return head.removeprefix("^~ ")


@st.composite
def locations(draw: st.DrawFn, below: str = "", deep: int = 1) -> tuple[Loc, ...]:
    made = []
    for head in draw(st.lists(heads(below), max_size=5, unique_by=same)):
        inner: tuple[Loc, ...] = ()
        if deep and not head.startswith(("=", "~")):
            inner = draw(locations(head.removeprefix("^~ "), deep - 1))
        made.append(Loc(head, draw(st.booleans()), inner))
    return tuple(made)


@st.composite
def site(draw: st.DrawFn) -> tuple[Srv, ...]:
    count = draw(st.integers(1, 4))
    names = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)
    default = draw(st.integers(0, count))
    return tuple(Srv(draw(names), number == default, draw(locations())) for number in range(count))


def location_text(loc: Loc, ident: str, port: int) -> str:
    answer = f"return 200 {ident};"
    if loc.proxied:
        answer = f"proxy_pass http://127.83.1.1:{port}; proxy_set_header X-Id {ident};"
    inner = "".join(
        location_text(one, f"{ident}.{number}", port) for number, one in enumerate(loc.inner)
    )
    return f"location {loc.head} {{ {inner} {answer} }}\n"


def site_text(servers: tuple[Srv, ...], address: str, port: int) -> str:
    text = ""
    for number, server in enumerate(servers):
        names = f"server_name {' '.join(server.names)};" if server.names else ""
        default = " default_server" if server.default else ""
        inner = "".join(
            location_text(one, f"s{number}.{place}", port)
            for place, one in enumerate(server.locations)
        )
        head = f"listen {address}:{port}{default}; {names} add_header X-Server s{number} always;"
        text += f"server {{ {head} root /nonexistent;\n{inner} }}\n"
    return text.replace("\\\\.", "\\.")


def whole(sites: list[tuple[Srv, ...]], port: int, folder: str) -> str:
    echo = f"server {{ listen 127.83.1.1:{port}; return 200 $http_x_id; }}\n"
    bodies = "".join(site_text(one, f"127.83.0.{n}", port) for n, one in enumerate(sites, 1))
    temp = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr emerg;\n"
        f"events {{}}\nhttp {{ access_log off; server_names_hash_bucket_size 128;\n"
        f"{temp}{echo}{bodies} }}\n"
    )


@contextmanager
def running(text: str, folder: str, port: int) -> Iterator[None]:
    path = Path(folder, "nginx.conf")
    path.write_text(text)
    assert NGINX
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", str(path), "-e", "stderr"], stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.83.1.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.01)
        assert process.poll() is None, process.communicate()[1].decode() + text
        yield
    finally:
        process.terminate()
        process.communicate()


def answer(address: str, port: int, name: str, path: str) -> tuple[str, str]:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": name})
        response = connection.getresponse()
        body = response.read().decode()
    finally:
        connection.close()
    said = {200: body, 301: "redirect"}.get(response.status, str(response.status))
    return response.headers.get("X-Server", ""), said


def ours(chosen: serving.Socket, name: str, path: str) -> tuple[str, str]:
    server, _ = serving.choose(chosen, name)
    place = serving.find(server, path)
    ident = serving.children(server.block, "add_header")[0].args[1]
    if place.redirects:
        return ident, "redirect"
    for directive in place.location.block or ():
        if place.location.name == "location" and directive.name == "return":
            return ident, directive.args[1]
        if place.location.name == "location" and directive.name == "proxy_set_header":
            return ident, directive.args[1]
    return ident, "404"


@pytest.mark.skipif(not NGINX, reason="nginx is not installed: its choice cannot be compared")
@settings(
    max_examples=5, phases=[Phase.generate], derandomize=True, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.lists(site(), min_size=SITES, max_size=SITES))
def test_we_choose_as_nginx_does(sites: list[tuple[Srv, ...]]) -> None:
    with socket.socket() as free, TemporaryDirectory() as folder:
        free.bind(("127.83.1.1", 0))
        port = free.getsockname()[1]
        free.close()
        text = whole(sites, port, folder)
        known = serving.sockets(serving.servers(parse(text, "nginx.conf")), port)
        with running(text, folder, port):
            for number in range(1, SITES + 1):
                address = f"127.83.0.{number}"
                chosen = next(one for one in known if one.address == address)
                asked = [(name, "/a/b") for name in ASKED] + [("a.t", path) for path in PATHS]
                for name, path in asked:
                    theirs = answer(address, port, name, path)
                    assert ours(chosen, name, path) == theirs, f"{name} {path}\n" + site_text(
                        sites[number - 1], address, port
                    )
