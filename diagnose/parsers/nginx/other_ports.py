"""The ports at which nginx serves a name: with TLS beside the usual one, or in plain http alone. No
I/O."""

from collections.abc import Iterable, Iterator

from diagnose.model.addresses import is_loopback
from diagnose.model.nginx import Directive
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.server_blocks import Server, is_named, servers

#: What a block has for a name that answers every request which no other block does.
_NAMELESS = frozenset({"", "_"})


def reachable_tls_port(
    mains: Iterable[tuple[Directive, ...]], listings: Iterable[Listeners], name: str
) -> int:
    """Return the port at which nginx serves a name with TLS by its configuration, and at which a
    program listens for other machines; 0 if there is none. Visitors have to type it."""
    open_ports = _open_ports(listings)
    ports = (port for main in mains for port in _tls_ports(main, name))
    return next((port for port in ports if port in open_ports), 0)


def reachable_plain_port(
    mains: Iterable[tuple[Directive, ...]], listings: Iterable[Listeners], name: str
) -> int:
    """Return the port at which nginx serves a name in plain http by its configuration, and at which
    a program listens for other machines; 0 if there is none. Where no block has the name, it is the
    block without a name that serves all.

    0 also if a block of that name has TLS, or redirects to https: then https is wanted."""
    all_blocks = [server for main in mains for server in servers(main)]
    blocks = [server for server in all_blocks if name in server.names]
    if not blocks and not is_named(all_blocks, name):
        blocks = [server for server in all_blocks if _NAMELESS.issuperset(server.names)]
    if any(listen.ssl for server in blocks for listen in server.listens):
        return 0
    if any(map(_redirects_to_https, blocks)):
        return 0
    open_ports = _open_ports(listings)
    ports = (listen.port for server in blocks for listen in server.listens if listen.port)
    return next((port for port in ports if port in open_ports), 0)


def redirects_to_port(blocks: Iterable[Server], name: str, port: int) -> bool:
    """Return whether a block of the name redirects to https at a port: the usual one is not
    written."""
    authorities = (
        arg.removeprefix("https://").partition("/")[0]
        for server in blocks
        if name in server.names
        for directive in walk(server.block.block or ())
        if directive.name in {"return", "rewrite"}
        for arg in directive.args
        if arg.startswith("https://")
    )
    return any(
        authority.partition("$request_uri")[0].endswith(f":{port}")
        or (port == 443 and ":" not in authority)
        for authority in authorities
    )


def _redirects_to_https(server: Server) -> bool:
    return any(
        directive.name in {"return", "rewrite"}
        and any(arg.startswith(("https:", "$")) for arg in directive.args)
        for directive in walk(server.block.block or ())
    )


def _open_ports(listings: Iterable[Listeners]) -> set[int]:
    return {
        socket.port
        for listing in listings
        for socket in listing.sockets
        if not is_loopback(socket.address)
    }


def _tls_ports(main: tuple[Directive, ...], name: str) -> Iterator[int]:
    for server in servers(main):
        if name in server.names:
            yield from (listen.port for listen in server.listens if listen.ssl and listen.port)
