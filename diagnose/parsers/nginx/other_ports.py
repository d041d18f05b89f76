"""The ports at which nginx serves a name with TLS, beside the usual one. No I/O."""

from collections.abc import Iterable, Iterator

from diagnose.model.addresses import is_loopback
from diagnose.model.nginx import Directive
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.server_blocks import servers


def reachable_tls_port(
    mains: Iterable[tuple[Directive, ...]], listings: Iterable[Listeners], name: str
) -> int:
    """Return the port at which nginx serves a name with TLS by its configuration, and at which a
    program listens for other machines; 0 if there is none. Visitors have to type it."""
    open_ports = {
        socket.port
        for listing in listings
        for socket in listing.sockets
        if not is_loopback(socket.address)
    }
    ports = (port for main in mains for port in _tls_ports(main, name))
    return next((port for port in ports if port in open_ports), 0)


def _tls_ports(main: tuple[Directive, ...], name: str) -> Iterator[int]:
    for server in servers(main):
        if name in server.names:
            yield from (listen.port for listen in server.listens if listen.ssl and listen.port)
