"""Server blocks of nginx's `stream` in front of those of its `http`, on one port for many programs.

https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html: the block of `stream` has port
443, reads the name in the TLS handshake, and passes the connection on as it is, to a port of
loopback or a Unix socket. TLS and the site are in the block of `http` that listens there. No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children

_PLACE = re.compile(r"(\[[^\]]{1,60}\]|[^:\[\]]{1,255}):(\d{1,5})$")


@frozen
class StreamFront:
    """A `listen` of a `stream` block, and where its connections go: a port of loopback, or the path
    of a Unix socket (then the port is 0)."""

    listen: Directive
    port: int
    socket: str = ""


def stream_fronts(main: tuple[Directive, ...]) -> Iterator[StreamFront]:
    """Yield each socket with each place on this machine to which its connections may go. A block
    that ends TLS itself is left out: what it passes on is another protocol."""
    for stream in main:
        if stream.name != "stream":
            continue
        for block in children(stream, "server"):
            listens = [each for each in children(block, "listen") if each.args]
            if any({"ssl", "udp"} & set(each.args) for each in listens):
                continue
            targets = children(block, "proxy_pass")
            words = targets[-1].args[:1] if targets else ()
            for listen in listens:
                yield from (
                    StreamFront(listen, port, socket)
                    for word in words
                    for port, socket in _places(stream, word)
                )


def _places(stream: Directive, word: str) -> Iterator[tuple[int, str]]:
    """Yield each port of loopback and each Unix socket to which a `proxy_pass` leads, once."""
    found: dict[tuple[int, str], None] = {}
    for name in _values(stream, word):
        members = [
            server.args[0]
            for upstream in children(stream, "upstream")
            if upstream.args[:1] == (name,)
            for server in children(upstream, "server")
            if server.args
        ]
        for place in members or [name]:
            if place.startswith("unix:"):
                found[0, place.removeprefix("unix:")] = None
            elif (match := _PLACE.match(place)) and _is_here(match[1].strip("[]")):
                found[int(match[2]), ""] = None
    yield from found


def _values(stream: Directive, word: str) -> tuple[str, ...]:
    """Return what a word stands for: the values of the `map` that sets the variable."""
    if not word.startswith("$"):
        return (word,)
    variable = word.removeprefix("$").strip("{}")
    return tuple(
        entry.args[0]
        for table in children(stream, "map")
        if table.args[1:2] == (f"${variable}",)
        for entry in table.block or ()
        if entry.args and entry.name not in {"include", "hostnames", "volatile"}
    )


def _is_here(host: str) -> bool:
    return host == "localhost" or is_loopback(host)
