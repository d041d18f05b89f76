"""Our choice of socket, server block and location, held to the real program: hundreds of
configurations made up, loaded by one nginx after another on loopback, and asked, in plain HTTP and
by TLS with a name of its own. `-s` prints how much was compared."""

import http.client
import os
import shutil
import socket
import ssl
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory

import pytest

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import children, parse
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    location_pattern,
    merges_slashes,
    normalize_path,
    select_location,
)
from diagnose.parsers.nginx.pcre import is_supported_pcre
from tests.support.nginx_sites import (
    ASKED,
    FOUR,
    OTHER_FOUR,
    PATHS,
    SIX,
    Site,
    certificates,
    ports,
    running,
    site,
    site_text,
    whole,
)

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
BATCHES, SITES, REQUESTS = 5, 64, 15
SEED = int(os.environ.get("NGINX_SELECTION_SEED", "20"))


@dataclass(frozen=True)
class Asked:
    kind: str
    address: str
    sni: str | None
    name: str
    path: str


@dataclass(frozen=True)
class Answer:
    """Which block's certificate, which block, which location of it or what else."""

    shown: str
    server: str
    said: str


def requests(rng: Random, one: Site, found: tuple[server_blocks.Socket, ...]) -> Iterator[Asked]:
    """To every address that is served; a name, a path, or both by chance."""
    served = [
        address for address in (FOUR, OTHER_FOUR, SIX) if server_blocks.socket_for(found, address)
    ]
    for number in range(REQUESTS if served else 0):
        name = rng.choice(ASKED)
        other = rng.choice(ASKED) if rng.random() < 0.3 else name
        path = rng.choice(PATHS)
        kind = ("name", "path", "address")[number % 3]
        address = rng.choice(served) if kind == "address" else served[0]
        if one.tls:
            kind, sni = "sni", None if other == "127.0.0.1" else other
            yield Asked(kind, address, sni, name, path)
        else:
            yield Asked(kind, address, None, name, path)


class Client:
    """Keeps a connection for every address and name of TLS, as nginx chooses a block anew for each
    request on it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open: dict[tuple[str, str | None, bool], socket.socket] = {}

    def connected(self, asked: Asked) -> socket.socket:
        tls = asked.kind == "sni"
        key = (asked.address, asked.sni, tls)
        if key not in self.open:
            made = socket.create_connection((asked.address, self.port), timeout=60)
            self.open[key] = self.secured(made, asked.sni) if tls else made
        return self.open[key]

    def secured(self, raw: socket.socket, name: str | None) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(raw, server_hostname=name)

    def ask(self, asked: Asked) -> Answer:
        stream = self.connected(asked)
        stream.sendall(f"GET {asked.path} HTTP/1.1\r\nHost: {asked.name}\r\n\r\n".encode())
        response = http.client.HTTPResponse(stream)
        response.begin()
        body = response.read().decode("latin-1")
        shown = ""
        if isinstance(stream, ssl.SSLSocket):
            shown = common_name(stream.getpeercert(binary_form=True) or b"")
        if response.will_close:
            self.open.pop((asked.address, asked.sni, asked.kind == "sni")).close()
        said = {200: body, 301: "redirect"}.get(response.status, str(response.status))
        return Answer(shown, response.headers.get("X-Server", ""), said)

    def close(self) -> None:
        for one in self.open.values():
            one.close()


def common_name(der: bytes) -> str:
    """s0 … s3: the only UTF8String of two characters in it (X.690: tag 12, length 2)."""
    at = der.find(b"\x0c\x02s")
    return der[at + 2 : at + 4].decode()


def ours(found: tuple[server_blocks.Socket, ...], asked: Asked) -> Answer | None:
    """None where we do not know: an expression that we cannot read."""
    chosen = server_blocks.socket_for(found, asked.address)
    assert chosen is not None
    if not all(is_supported_pcre(expression) for expression in expressions(chosen)):
        return None
    first = server_blocks.select_server(chosen, asked.sni)[0] if asked.sni else chosen.default
    server, _ = server_blocks.select_server(chosen, asked.name)
    path = normalize_path(asked.path, merges_slashes(first))
    if path is None:
        return Answer(mark(first) if asked.kind == "sni" else "", mark(first), "400")
    place = select_location(server, asked.path, merges_slashes(first))
    shown = mark(first) if asked.kind == "sni" else ""
    return Answer(shown, mark(server), said(place))


def mark(server: server_blocks.Server) -> str:
    return children(server.block, "add_header")[0].args[1]


def said(place: LocationMatch) -> str:
    if place.redirects:
        return "redirect"
    if place.block.name == "location":
        for directive in place.block.block or ():
            if directive.name in {"return", "proxy_set_header"}:
                return directive.args[1]
    return "404"


def expressions(chosen: server_blocks.Socket) -> Iterator[str]:
    def within(block: Directive) -> Iterator[str]:
        for one in children(block, "location"):
            given = location_pattern(one)
            if given and given.modifier in {"~", "~*"}:
                yield given.text
            yield from within(one)

    for server in chosen.servers:
        yield from (name[1:] for name in server.names if name.startswith("~"))
        yield from within(server.block)


@pytest.mark.skipif(not NGINX, reason="nginx is not installed: its choice cannot be compared")
def test_we_choose_as_nginx_does() -> None:
    assert NGINX
    rng, count = Random(SEED), Counter[tuple[str, str]]()
    wrong = []
    for _ in range(BATCHES):
        with TemporaryDirectory() as folder:
            echo, *free = ports(SITES + 1)
            sites = [site(rng, port, tls=number % 5 == 0) for number, port in enumerate(free)]
            certificates(folder)
            text = whole(sites, echo, folder)
            every = server_blocks.servers(parse(text, "nginx.conf"))
            with running(NGINX, text, folder, echo):
                for one in sites:
                    found = server_blocks.sockets(every, one.port)
                    client = Client(one.port)
                    for asked in requests(rng, one, found):
                        mine, real = ours(found, asked), client.ask(asked)
                        how = "unknown" if mine is None else "agreed" if mine == real else "wrong"
                        count[asked.kind, how] += 1
                        if how == "wrong":
                            written = site_text(one, echo, folder)
                            wrong.append(f"{asked}\n{mine}\n{real}\n{written}")
                    client.close()
    report(count)
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:4])


def report(count: Counter[tuple[str, str]]) -> None:
    lines = [f"{BATCHES * SITES} configurations", f"{'':10}tried  agreed unknown   wrong"]
    for kind in ("address", "name", "path", "sni"):
        numbers = [count[kind, how] for how in ("agreed", "unknown", "wrong")]
        lines.append(f"{kind:7}" + "".join(f"{one:8}" for one in (sum(numbers), *numbers)))
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
