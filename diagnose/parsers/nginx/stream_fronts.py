"""Server blocks of nginx's `stream` in front of those of its `http`, on one port for many programs.

https://nginx.org/en/docs/stream/ngx_stream_ssl_preread_module.html: the block of `stream` has port
443, reads the name in the TLS handshake, and passes the connection on as it is, to a port of
loopback or a Unix socket. TLS and the site are in the block of `http` that listens there. No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.addresses import is_local_host
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.long_runs import entries

_PLACE = re.compile(r"(\[[^\]]{1,60}\]|[^:\[\]]{1,255}):(\d{1,5})$")

_PORT = re.compile(r"(?:^|:)(\d{1,5})$")
_HIDDEN = "***"


@frozen
class StreamFront:
    """A `listen` of a `stream` block, and where its connections go: a port of loopback, or the path
    of a Unix socket (then the port is 0)."""

    listen: Directive
    port: int
    socket: str = ""


@frozen
class StreamRoute:
    """The way of a visitor's connection: the block of `stream`, its `proxy_pass`, what that stands
    for ("" if the visitor's name leads nowhere), the places on this machine, and whether the block
    sends the header of the PROXY protocol."""

    block: Directive
    proxy_pass: Directive
    target: str
    places: tuple[tuple[int, str], ...]
    sends_proxy: bool


def stream_fronts(main: tuple[Directive, ...]) -> Iterator[StreamFront]:
    """Yield each socket with each place on this machine to which its connections may go. A block
    that ends TLS itself is left out: what it passes on is another protocol."""
    for stream in main:
        if stream.name != "stream":
            continue
        for block in children(stream, "server"):
            listens = [listen for listen in children(block, "listen") if listen.args]
            if any({"ssl", "udp"} & set(listen.args) for listen in listens):
                continue
            targets = children(block, "proxy_pass")
            words = targets[-1].args[:1] if targets else ()
            for listen in listens:
                yield from (
                    StreamFront(listen, port, socket)
                    for word in words
                    for port, socket in _places(stream, word)
                )


def stream_route(main: tuple[Directive, ...], host: str, port: int) -> StreamRoute | None:
    """Return the way of a visitor's connection through `stream`; None if `stream` does not have the
    port, or the way cannot be told."""
    for stream in main:
        for block in children(stream, "server") if stream.name == "stream" else ():
            listens = [
                listen
                for listen in children(block, "listen")
                if not {"ssl", "udp"} & set(listen.args)
                and listen.args
                and (port_match := _PORT.search(listen.args[0]))
                and int(port_match[1]) == port
            ]
            targets = children(block, "proxy_pass")
            if not listens or not targets or not targets[-1].args:
                continue
            name = _value_for(stream, targets[-1].args[0], host)
            if name is None:
                return None
            switch = children(block, "proxy_protocol") or children(stream, "proxy_protocol")
            sends = bool(switch) and switch[-1].args[:1] == ("on",)
            return StreamRoute(block, targets[-1], name, tuple(_places_of(stream, name)), sends)
    return None


def _value_for(stream: Directive, word: str, host: str) -> str | None:
    """Return what a word stands for where the visitor names the host, "" if nothing; None if that
    cannot be told."""
    if not word.startswith("$"):
        return word
    variable = f"${word.removeprefix('$').strip('{}')}"
    tables = [table for table in children(stream, "map") if table.args[1:2] == (variable,)]
    if not tables or tables[-1].args[0] != "$ssl_preread_server_name":
        return None
    lines = [entry for entry in entries(tables[-1].block) if entry.args]
    # What a recording hides is unknown too.
    if any(entry.name in {"include", _HIDDEN} or entry.args[0] == _HIDDEN for entry in lines):
        return None
    values = {entry.name.lower(): entry.args[0] for entry in lines if entry.name != "volatile"}
    labels = host.split(".")
    wildcards = [f"*.{'.'.join(labels[cut:])}" for cut in range(1, len(labels))]
    wildcards += [f".{'.'.join(labels[cut:])}" for cut in range(len(labels))]
    for name in (host, *wildcards):
        if name in values:
            return values[name]
    if any(name.startswith("~") or name.endswith(".*") for name in values):
        return None
    return values.get("default", "")


def _places(stream: Directive, word: str) -> Iterator[tuple[int, str]]:
    """Yield each port of loopback and each Unix socket to which a `proxy_pass` leads, once."""
    places = (place for name in _values(stream, word) for place in _places_of(stream, name))
    yield from dict.fromkeys(places)


def _places_of(stream: Directive, name: str) -> Iterator[tuple[int, str]]:
    """Yield the ports of loopback and the Unix sockets of an upstream, or of an address."""
    members = [
        server.args[0]
        for upstream in children(stream, "upstream")
        if upstream.args[:1] == (name,)
        for server in children(upstream, "server")
        if server.args
    ]
    for place in members or [name]:
        if place.startswith("unix:"):
            yield 0, place.removeprefix("unix:")
        elif (match := _PLACE.match(place)) and is_local_host(match[1].strip("[]")):
            yield int(match[2]), ""


def _values(stream: Directive, word: str) -> tuple[str, ...]:
    """Return what a word stands for: the values of the `map` that sets the variable."""
    if not word.startswith("$"):
        return (word,)
    variable = word.removeprefix("$").strip("{}")
    return tuple(
        entry.args[0]
        for table in children(stream, "map")
        if table.args[1:2] == (f"${variable}",)
        for entry in entries(table.block)
        if entry.args and entry.name not in {"include", "hostnames", "volatile"}
    )
