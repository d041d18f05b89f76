"""Two `listen` lines that ask the kernel for one port: nginx does not start.

`nginx -t` does not notice: while it tests, it passes over EADDRINUSE, because the running nginx has
the port (ngx_open_listening_sockets). `listen 80` and `listen [::]:80 ipv6only=off` both take IPv4
(ipv6(7), IPV6_V6ONLY). A line with an address beside one for all addresses has no socket of its
own, unless it has an option of a socket (`bind`, `backlog=`). No I/O.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import parse_listen

#: What belongs to the socket and is set once (ngx_http_core_module, "listen"): with one of them a
#: line has a socket of its own.
SOCKET_OPTION = re.compile(
    r"ipv6only=\w+|reuseport|deferred|bind|(?:backlog|rcvbuf|sndbuf|fastopen|setfib|so_keepalive"
    r"|accept_filter)=\S+"
)
_ALL = {"*", "::"}

#: Why two lines exclude each other: the line for IPv6 takes IPv4 too, a line has a socket of its
#: own beside the one for all addresses, or `stream` or `mail` has what `http` has.
OverlapKind = Literal["both-families", "own-socket", "two-modules"]


def without_socket_options(line: Directive) -> str:
    """Return a `listen` without the options of its socket."""
    kept = [word for word in line.args if not SOCKET_OPTION.fullmatch(word)]
    return f"listen {' '.join(kept)};"


@frozen
class ListenOverlap:
    """Two lines that exclude each other on a port. `wide` is the line for more addresses, or that
    of `stream` or `mail`; `other` the line that it leaves no socket."""

    kind: OverlapKind
    port: int
    wide: Directive
    other: Directive


@dataclass(slots=True)
class _Socket:
    """What nginx would open: the lines of one address in one module, the one with an option of the
    socket first."""

    module: str
    address: str
    lines: list[Directive] = field(default_factory=list)

    @property
    def options(self) -> set[str]:
        return {word for line in self.lines for word in line.args[1:]}

    @property
    def is_own(self) -> bool:
        return any(SOCKET_OPTION.fullmatch(word) for word in self.options)

    @property
    def takes_both(self) -> bool:
        return self.address == "::" and "ipv6only=off" in self.options

    @property
    def line(self) -> Directive:
        """The line that makes the socket what it is."""
        marked = (line for line in self.lines if "ipv6only=off" in line.args)
        own = (line for line in self.lines if any(map(SOCKET_OPTION.fullmatch, line.args[1:])))
        return next(iter((*marked, *own, self.lines[0])))


def listen_overlaps(main: Iterable[Directive]) -> Iterator[ListenOverlap]:
    """Yield the first pair of lines on each port that exclude each other."""
    by_port: dict[int, dict[tuple[str, str], _Socket]] = {}
    for module in main:
        if module.name not in {"http", "stream", "mail"}:
            continue
        for line in (line for block in children(module, "server") for line in _listens(block)):
            for listen in parse_listen(line):
                key = (module.name, listen.address)
                sockets = by_port.setdefault(listen.port, {})
                sockets.setdefault(key, _Socket(*key)).lines.append(line)
    for port, sockets in by_port.items():
        if len(sockets) > 1 and (overlap := _overlap(port, list(_opened(sockets)))):
            yield overlap


def _listens(block: Directive) -> Iterator[Directive]:
    for line in children(block, "listen"):
        if "udp" not in line.args[1:]:
            yield line


def _opened(sockets: dict[tuple[str, str], _Socket]) -> Iterator[_Socket]:
    """Yield the sockets that nginx opens: beside one for all addresses of a family only those of
    their own."""
    for (module, address), socket in sockets.items():
        everything = "::" if ":" in address else "*"
        if address in _ALL or socket.is_own or (module, everything) not in sockets:
            yield socket


def _overlap(port: int, opened: list[_Socket]) -> ListenOverlap | None:
    """Return the first pair. The wide ones are few: those for all addresses, in three modules."""
    wide = [socket for socket in opened if socket.address in _ALL]
    first: dict[str, _Socket] = {}
    for socket in opened:
        if (twin := first.setdefault(socket.address, socket)) is not socket:
            return _named(port, "two-modules", *_by_module(twin, socket))
    for one in wide:
        for other in opened:
            if other is one or {"reuseport"} <= one.options & other.options:
                continue
            if one.takes_both and ":" not in other.address:
                kind: OverlapKind = "both-families"
            elif (":" in one.address) == (":" in other.address):
                kind = "own-socket"
            else:
                continue
            if one.module != other.module:
                return _named(port, "two-modules", *_by_module(one, other))
            return _named(port, kind, one, other)
    return None


def _by_module(one: _Socket, other: _Socket) -> tuple[_Socket, _Socket]:
    """Return the two, that of `http` last."""
    return (other, one) if one.module == "http" else (one, other)


def _named(port: int, kind: OverlapKind, wide: _Socket, other: _Socket) -> ListenOverlap:
    return ListenOverlap(kind, port, wide.line, other.line)
