"""Select the server block that answers a name on a socket, by nginx's own rules.

https://nginx.org/en/docs/http/server_names.html and the documentation of `listen`. Compared with
the real nginx in tests/parsers/nginx/test_selection.py. No I/O.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.pcre import pcre_matches

MatchKind = Literal["exact", "wildcard", "regex", "default"]


@frozen
class Listen:
    """A parsed `listen`. `address` is "*" (all IPv4), "::" (all IPv6) or one address. `directive`
    is None for port 80 without a `listen`, and for a socket of `stream` that leads to the block."""

    address: str
    port: int
    ssl: bool
    default: bool
    directive: Directive | None


@frozen
class Server:
    """A server block and the http block that contains it. `inherited` are the directives of that
    one without its server blocks, of which there may be thousands."""

    http: Directive
    block: Directive
    listens: tuple[Listen, ...]
    names: tuple[str, ...]
    inherited: tuple[Directive, ...]

    def directive(self, name: str) -> Directive | None:
        """Return the directive in force: the block's own, else that of http."""
        directives = self.directives(name)
        return directives[-1] if directives else None

    def directives(self, name: str) -> tuple[Directive, ...]:
        """Return the directives in force of a repeatable kind: the block's own, else those of
        http."""
        own = children(self.block, name)
        return own or tuple(directive for directive in self.inherited if directive.name == name)


@frozen
class Socket:
    """One listening address and port, with its server blocks. `ssl` belongs to the socket: it is
    set as soon as one `listen` has it."""

    address: str
    port: int
    ssl: bool
    servers: tuple[Server, ...]
    default: Server


def file_paths(server: Server, name: str) -> tuple[str, ...]:
    """Return the paths, as written, in a server block's ssl_certificate or similar directive;
    paths that depend on the request are left out."""
    directives = server.directives(name)
    paths = (directive.args[0] for directive in directives if directive.args)
    return tuple(
        path for path in paths if "$" not in path and not path.startswith(("data:", "engine:"))
    )


def servers(main: tuple[Directive, ...]) -> tuple[Server, ...]:
    """Return every server block, in order. A block has the sockets of `stream` too that pass
    their connections on to it alone."""
    blocks: list[Server] = []
    for http in main:
        if http.name == "http":
            inherited = tuple(
                directive for directive in http.block or () if directive.name != "server"
            )
            blocks += (
                Server(http, block, _listens(inherited, block), _server_names(block), inherited)
                for block in children(http, "server")
            )
    if any(directive.name == "stream" for directive in main):
        return _with_fronts(main, blocks)
    return tuple(blocks)


def _with_fronts(main: tuple[Directive, ...], blocks: list[Server]) -> tuple[Server, ...]:
    """Return the blocks with the sockets of `stream` in front of them. A socket in front of blocks
    on more than one inner socket is left out: which of them answers is a matter of the name."""
    # Imported late: few servers have a stream block.
    from diagnose.parsers.nginx.stream_fronts import stream_fronts

    reached: dict[Listen, dict[tuple[int, str], list[tuple[int, Listen]]]] = {}
    for front in stream_fronts(main):
        for outer in parse_listen(front.listen):
            inner_blocks = [
                (position, inner)
                for position, server in enumerate(blocks)
                for inner in _inner_listens(server, front.port, front.socket)
            ]
            if inner_blocks:
                reached.setdefault(outer, {})[front.port, front.socket] = inner_blocks
    added_listens: dict[int, list[Listen]] = {}
    for outer, places in reached.items():
        for position, inner in next(iter(places.values())) if len(places) == 1 else ():
            listen = Listen(outer.address, outer.port, inner.ssl, inner.default, None)
            added_listens.setdefault(position, []).append(listen)
    return tuple(
        replace(server, listens=(*server.listens, *dict.fromkeys(added_listens.get(position, ()))))
        for position, server in enumerate(blocks)
    )


def _inner_listens(server: Server, port: int, socket: str) -> Iterator[Listen]:
    """Yield the sockets of a block that a connection to a port of loopback, or to a Unix socket,
    reaches."""
    for listen in server.listens:
        is_reached = listen.address in {"*", "::"} or is_loopback(listen.address)
        if port and listen.port == port and is_reached:
            yield listen
    for directive in children(server.block, "listen"):
        if socket and directive.args[:1] == (f"unix:{socket}",):
            options = set(directive.args[1:])
            default = not {"default_server", "default"}.isdisjoint(options)
            yield Listen(socket, 0, "ssl" in options, default, directive)


def _server_names(block: Directive) -> tuple[str, ...]:
    return tuple(
        name if name.startswith("~") else name.lower()
        for directive in children(block, "server_name")
        for name in directive.args
    )


def _listens(inherited: tuple[Directive, ...], block: Directive) -> tuple[Listen, ...]:
    # Until nginx 1.25.1, `ssl on;` made every socket of the block a TLS socket.
    of_http = (directive for directive in inherited if directive.name == "ssl")
    switch = (*of_http, *children(block, "ssl"))[-1:]
    ssl_on = any(directive.args[:1] == ("on",) for directive in switch)
    listens = [
        listen
        for directive in children(block, "listen")
        for listen in parse_listen(directive, ssl_on)
    ]
    if not children(block, "listen"):
        listens.append(Listen("*", 80, ssl_on, False, None))
    return tuple(listens)


def quic_listens(block: Directive, port: int) -> tuple[Directive, ...]:
    """Return the `listen … quic` of a server block with this port: HTTP/3 comes over UDP, and opens
    no TCP port (nginx, "Support for QUIC and HTTP/3")."""
    return tuple(
        directive
        for directive in children(block, "listen")
        if "quic" in directive.args[1:]
        and (match := _ADDRESS.match(directive.args[0]))
        and int(match[2]) <= port <= int(match[3] or match[2])
    )


_ADDRESS = lazy_pattern(r"(?:(\[[^\]]*\]|[^:\[\]]+?):)?(\d+)(?:-(\d+))?$")


def parse_listen(directive: Directive, ssl: bool = False) -> Iterator[Listen]:
    """Yield what a `listen` listens on, each port of a range by itself; nothing for a Unix socket
    or for QUIC."""
    if not directive.args or directive.args[0].startswith("unix:"):
        return
    address_port, *options = directive.args
    if "quic" in options:
        return
    if match := _ADDRESS.match(address_port):
        address, low, high = match[1] or "*", int(match[2]), int(match[3] or match[2])
    else:
        address, low, high = address_port, 80, 80
    address = {"localhost": "127.0.0.1", "0.0.0.0": "*"}.get(address) or _normalize_address(address)
    default = not {"default_server", "default"}.isdisjoint(options)
    for port in range(low, min(high, low + 1000) + 1):
        yield Listen(address, port, ssl or "ssl" in options, default, directive)


def _normalize_address(address: str) -> str:
    """Return one canonical spelling of an IPv6 address, which may be written in many ways
    (RFC 5952)."""
    bare = address.strip("[]")
    if not address.startswith("[") or bare in {"::", "::1"}:
        return bare
    from ipaddress import IPv6Address

    try:
        return str(IPv6Address(bare))
    except ValueError:
        return bare


def sockets(all_servers: Sequence[Server], port: int) -> tuple[Socket, ...]:
    """Return the sockets on a port, one for each address. A connection to an address belongs to
    the socket of that address if it exists, otherwise to the socket of all addresses."""
    by_address: dict[str, list[tuple[Server, Listen]]] = {}
    for server in all_servers:
        for listen in server.listens:
            if listen.port == port:
                by_address.setdefault(listen.address, []).append((server, listen))
    result = []
    for address, pairs in by_address.items():
        default = next((server for server, listen in pairs if listen.default), pairs[0][0])
        ssl = any(listen.ssl for _, listen in pairs)
        # By identity: comparing or hashing a block walks through the whole configuration.
        socket_servers = tuple({id(server): server for server, _ in pairs}.values())
        result.append(Socket(address, port, ssl, socket_servers, default))
    return tuple(result)


def socket_for(candidates: Sequence[Socket], address: str) -> Socket | None:
    """Return the socket that accepts a connection to an address of this machine."""
    by_address = {socket.address: socket for socket in candidates}
    wildcard = "::" if ":" in address else "*"
    return by_address.get(address) or by_address.get(wildcard)


def container_socket(candidates: Sequence[Socket], hosts: Collection[str]) -> Socket | None:
    """Return the socket in a container at which requests for these hosts arrive: its engine passes
    them on in the family of their address. None if there are others, but none of the family."""
    if len(candidates) < 2:
        return next(iter(candidates), None)
    is_ipv6 = {":" in host for host in hosts} == {True}
    return socket_for(candidates, "::" if is_ipv6 else "*")


def reachable_sockets(candidates: Sequence[Socket], addresses: Iterable[str]) -> tuple[Socket, ...]:
    """Return the sockets that a visitor can reach: those of the addresses of the site, or, because
    a cloud may translate the addresses, all except loopback. A translation keeps the family: with
    IPv4 addresses alone the sockets of IPv6 are left out, if there are others."""
    reached = set(addresses)
    matching = [socket for socket in candidates if socket.address in reached]
    external = [
        socket
        for socket in _of_same_family(candidates, reached)
        if not socket.address.startswith("127.") and socket.address != "::1"
    ]
    wildcards = [
        socket
        for socket in external
        if socket.address in {"*", "::"} and socket.address not in reached
    ]
    return tuple(matching + wildcards if matching else external)


def answering_servers(
    main: tuple[Directive, ...], host: str, port: int, addresses: Sequence[str] = ()
) -> Iterator[tuple[Socket, Server]]:
    """Yield each socket of a port that visitors of this host can reach, and the server block that
    answers them there. `addresses` are those of the site, as far as they are known. Only a visitor
    on this machine reaches a socket of loopback."""
    addresses = addresses or ((host,) if is_loopback(host) else ())
    for socket in reachable_sockets(sockets(servers(main), port), addresses):
        yield socket, select_server(socket, host)[0]


def servers_behind(
    main: tuple[Directive, ...], address: str, port: int, host: str
) -> Iterator[tuple[Socket, Server]]:
    """Yield the socket of this machine's address and port, and the server block that answers the
    host there: the one that a server in front passes requests on to."""
    address = "127.0.0.1" if address == "localhost" else address
    socket = socket_for(sockets(servers(main), port), address)
    if socket is not None:
        yield socket, select_server(socket, host)[0]


def _of_same_family(candidates: Sequence[Socket], addresses: Collection[str]) -> Sequence[Socket]:
    """Return the sockets of the family that all addresses have; all sockets, if there are none of
    it (`[::]:443 ipv6only=off` accepts both) or the addresses are of both families."""
    families = {":" in address for address in addresses}
    of_family = [socket for socket in candidates if families == {":" in socket.address}]
    return of_family or candidates


# Names


@dataclass(slots=True)
class _NameTable:
    """A socket's server names as nginx hashes them. A name that is already in the table is ignored
    with a warning (ngx_hash_add_key)."""

    exact: dict[str, Server] = field(default_factory=dict)
    used_names: set[str] = field(default_factory=set)
    heads: dict[str, tuple[Server, bool]] = field(default_factory=dict)
    tails: dict[str, Server] = field(default_factory=dict)
    patterns: list[tuple[str, Server]] = field(default_factory=list)

    def add(self, name: str, server: Server) -> None:
        if name.startswith("~"):
            self.patterns.append((name[1:], server))
        elif name.startswith("."):
            if name[1:] not in self.used_names:
                self.used_names.add(name[1:])
                self.heads.setdefault(name[1:], (server, True))
        elif name.startswith("*."):
            self.heads.setdefault(name[2:], (server, False))
        elif name.endswith(".*"):
            self.tails.setdefault(name[:-2], server)
        elif name not in self.used_names:
            self.used_names.add(name)
            self.exact[name] = server


def select_server(socket: Socket, name: str) -> tuple[Server, MatchKind]:
    """Return the server block that answers a name on a socket, and the kind of match."""
    table = _NameTable()
    for server in socket.servers:
        for server_name in server.names or ("",):
            table.add(server_name, server)
    name = name.lower().rstrip(".")
    if name and name in table.exact:
        return table.exact[name], "exact"
    if (wildcard_server := _wildcard_match(table, name)) is not None:
        return wildcard_server, "wildcard"
    for pattern, server in table.patterns:
        if pcre_matches(pattern, name, ignore_case=True):
            return server, "regex"
    return socket.default, "default"


#: Nobody's name (RFC 6761 section 6.4): a pattern that matches it matches every name.
_NO_NAME = "name.invalid"


def is_named(servers: Iterable[Server], name: str) -> bool:
    """Return whether a block has the name, written out, as a wildcard or as a pattern. One that
    matches every name says nothing about this one."""
    table = _NameTable()
    for server in servers:
        for server_name in server.names:
            table.add(server_name, server)
    name = name.lower().rstrip(".")
    return (
        name in table.exact
        or _wildcard_match(table, name) is not None
        or any(
            pcre_matches(pattern, name, ignore_case=True)
            and not pcre_matches(pattern, _NO_NAME, ignore_case=True)
            for pattern, _ in table.patterns
        )
    )


def shadowed_servers(socket: Socket, name: str) -> tuple[Server, ...]:
    """Return the blocks that repeat the server name by which `select_server` chose its block.
    nginx ignores the repeated name and warns of a "conflicting server name"."""
    winner, match_kind = select_server(socket, name)
    name = name.lower().rstrip(".")
    matched_names = {name, f".{name}"} if match_kind == "exact" else set()
    if match_kind == "wildcard":
        parts = name.split(".")
        ends = {".".join(parts[cut:]) for cut in range(len(parts))}
        heads = {".".join(parts[:cut]) for cut in range(1, len(parts))}
        wildcards = {f".{end}" for end in ends} | {f"*.{end}" for end in ends}
        matched_names = (wildcards | {f"{head}.*" for head in heads}).intersection(winner.names)
        # ".example.com" and "*.example.com" are two spellings of one wildcard.
        matched_names |= {f"*{spelling}" for spelling in matched_names if spelling.startswith(".")}
        matched_names |= {spelling[1:] for spelling in matched_names if spelling.startswith("*.")}
    position = next(index for index, server in enumerate(socket.servers) if server is winner)
    later = socket.servers[position + 1 :]
    return tuple(server for server in later if not matched_names.isdisjoint(server.names))


def _wildcard_match(table: _NameTable, name: str) -> Server | None:
    labels = name.split(".")
    for cut in range(len(labels)):
        head = table.heads.get(".".join(labels[cut:]))
        if head and (cut or head[1]):
            return head[0]
    for cut in range(len(labels) - 1, 0, -1):
        if ".".join(labels[:cut]) in table.tails:
            return table.tails[".".join(labels[:cut])]
    return None
