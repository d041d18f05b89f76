"""Select the server block and the location that answer a request, by nginx's own rules.

Sockets and names: https://nginx.org/en/docs/http/server_names.html and the documentation of
`listen`; locations: https://nginx.org/en/docs/http/ngx_http_core_module.html#location. Compared
with the real nginx in tests/parsers/nginx/test_selection.py. No I/O.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive

MatchKind = Literal["exact", "wildcard", "regex", "default"]

#: Largest number of internal rewrites or redirects of one URI (nginx's own limit).
MAX_HOPS = 10


@frozen
class Listen:
    """A parsed `listen`. `address` is "*" (all IPv4), "::" (all IPv6) or one address."""

    address: str
    port: int
    ssl: bool
    default: bool
    directive: Directive | None


@frozen
class Server:
    """A server block and the http block that contains it."""

    http: Directive
    block: Directive
    listens: tuple[Listen, ...]
    names: tuple[str, ...]


@frozen
class Socket:
    """One listening address and port, with its server blocks. `ssl` belongs to the socket: it is
    set as soon as one `listen` has it."""

    address: str
    port: int
    ssl: bool
    servers: tuple[Server, ...]
    default: Server


@frozen
class LocationMatch:
    """The selected location: its blocks from http inwards. `redirects` is True if nginx only
    redirects to the same path with a slash appended."""

    blocks: tuple[Directive, ...]
    redirects: bool = False

    @property
    def block(self) -> Directive:
        return self.blocks[-1]

    def directive(self, name: str) -> Directive | None:
        """Return the directive in force: the one of the innermost block that has it."""
        directives = self.directives(name)
        return directives[-1] if directives else None

    def directives(self, name: str) -> tuple[Directive, ...]:
        """Return the directives in force of a repeatable kind: all of the innermost block that
        has any (proxy_set_header is inherited like this)."""
        for block in reversed(self.blocks):
            if directives := children(block, name):
                return directives
        return ()


def children(block: Directive, name: str) -> tuple[Directive, ...]:
    return tuple(directive for directive in block.block or () if directive.name == name)


def file_paths(server: Server, name: str) -> tuple[str, ...]:
    """Return the paths, as written, in a server block's ssl_certificate or similar directive;
    paths that depend on the request are left out."""
    directives = LocationMatch((server.http, server.block)).directives(name)
    paths = (directive.args[0] for directive in directives if directive.args)
    return tuple(
        path for path in paths if "$" not in path and not path.startswith(("data:", "engine:"))
    )


def servers(main: tuple[Directive, ...]) -> tuple[Server, ...]:
    """Return every server block, in order."""
    return tuple(
        Server(http, block, _listens(http, block), _server_names(block))
        for http in main
        if http.name == "http"
        for block in children(http, "server")
    )


def _server_names(block: Directive) -> tuple[str, ...]:
    return tuple(
        name if name.startswith("~") else name.lower()
        for directive in children(block, "server_name")
        for name in directive.args
    )


def _listens(http: Directive, block: Directive) -> tuple[Listen, ...]:
    # Until nginx 1.25.1, `ssl on;` made every socket of the block a TLS socket.
    switch = (*children(http, "ssl"), *children(block, "ssl"))[-1:]
    ssl_on = any(directive.args[:1] == ("on",) for directive in switch)
    listens = [
        listen
        for directive in children(block, "listen")
        for listen in _parse_listen(directive, ssl_on)
    ]
    if not children(block, "listen"):
        listens.append(Listen("*", 80, ssl_on, False, None))
    return tuple(listens)


_ADDRESS = re.compile(r"(?:(\[[^\]]*\]|[^:\[\]]+?):)?(\d+)(?:-(\d+))?$")


def _parse_listen(directive: Directive, ssl: bool) -> Iterator[Listen]:
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


def reachable_sockets(
    candidates: Sequence[Socket], addresses: Iterable[str], name: str = ""
) -> tuple[Socket, ...]:
    """Return the sockets that a visitor can reach: those of the addresses of the site, or, because
    a cloud may translate the addresses, all except loopback."""
    reached = set(addresses)
    matching = [socket for socket in candidates if socket.address in reached]
    external = [
        socket
        for socket in candidates
        if not socket.address.startswith("127.") and socket.address != "::1"
    ]
    wildcards = [
        socket
        for socket in external
        if socket.address in {"*", "::"} and socket.address not in reached
    ]
    return tuple(matching + wildcards if matching else external)


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


def pcre_matches(pattern: str, text: str, ignore_case: bool) -> bool:
    """Return whether a PCRE matches. False if Python's `re` cannot express the pattern."""
    return pcre_search(pattern, text, ignore_case) is not None


def pcre_search(pattern: str, text: str, ignore_case: bool) -> re.Match[str] | None:
    """Return the match of a PCRE with its groups. None also if `re` cannot express the pattern."""
    compiled = _compile_pcre(pattern, ignore_case)
    return compiled.search(text) if compiled else None


def is_supported_pcre(pattern: str) -> bool:
    """Return whether Python's `re` can express the pattern, so that `pcre_matches` can decide."""
    return _compile_pcre(pattern, False) is not None


_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "lower": "a-z", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f", "space": r"\s", "word": r"\w",
}  # fmt: skip


@lru_cache(maxsize=512)
def _compile_pcre(pattern: str, ignore_case: bool) -> re.Pattern[str] | None:
    # PCRE also accepts named groups without the P, and POSIX classes (pcre2pattern(3)).
    translated = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)
    translated = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], match[0]), translated)
    if "[:" in translated or re.search(r"\\[QEhHKRzGX]|\(\?[|R&+0-9]|\(\*", translated):
        return None
    try:
        with warnings.catch_warnings():
            # Python warns of "[[", although it reads it as PCRE does.
            warnings.simplefilter("ignore")
            return re.compile(translated, re.ASCII | (re.IGNORECASE if ignore_case else 0))
    except (re.error, RecursionError, OverflowError, ValueError):
        return None


# Locations


def select_location(server: Server, path: str, merge: bool | None = None) -> LocationMatch:
    """Return the location that answers a path, or the server block itself if no location does.

    Follows the fallback of try_files to a named location. `merge` is whether slashes are merged.
    This setting comes from the block with which the connection began; None takes it from `server`,
    which is usually that block when TLS is used.
    """
    location = match_location(server, path, merge)
    for _ in range(MAX_HOPS):
        fallback_match = fallback_location(server, location)
        if fallback_match is None:
            break
        location = fallback_match
    return location


def match_location(server: Server, path: str, merge: bool | None = None) -> LocationMatch:
    """Return the location that nginx selects first for a path, before it looks for files."""
    normalized = normalize_path(path, merges_slashes(server) if merge is None else merge) or "/"
    return _find_location((server.http, server.block), normalized) or LocationMatch(
        (server.http, server.block)
    )


def fallback_location(server: Server, location: LocationMatch) -> LocationMatch | None:
    """Return the named location that a location's try_files falls back to, or None."""
    name = _fallback_name(location)
    location_block = _named_location(server.block, name) if name else None
    if location_block is None or location_block in location.blocks:
        return None
    return LocationMatch((server.http, server.block, location_block))


def all_locations(server: Server) -> Iterator[LocationMatch]:
    """Yield every location of a server block, including nested and named ones."""

    def nested_locations(blocks: tuple[Directive, ...]) -> Iterator[LocationMatch]:
        for location_block in children(blocks[-1], "location"):
            yield LocationMatch((*blocks, location_block))
            yield from nested_locations((*blocks, location_block))

    yield from nested_locations((server.http, server.block))


def _fallback_name(location: LocationMatch) -> str:
    """Return the named location in the last argument of try_files, or ""."""
    try_files = children(location.block, "try_files")
    last = try_files[-1].args[-1] if try_files and try_files[-1].args else ""
    return last if last.startswith("@") else ""


def _named_location(block: Directive, name: str) -> Directive | None:
    return next(
        (location for location in children(block, "location") if location.args == (name,)), None
    )


def merges_slashes(server: Server) -> bool:
    """Return whether double slashes are merged into one (merge_slashes, on by default)."""
    directive = LocationMatch((server.http, server.block)).directive("merge_slashes")
    return directive is None or directive.args[:1] != ("off",)


def normalize_path(path: str, merge: bool = True) -> str | None:
    """Return a path as nginx matches it against locations: decoded, without the query, with dots
    and double slashes resolved (ngx_http_parse_complex_uri). None if the path climbs above the
    root, for which nginx answers 400."""
    parts: list[str] = []
    *segments, last = unquote(re.split("[?#]", path, maxsplit=1)[0]).split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            if not parts:
                return None
            parts.pop()
        elif segment != "." and (segment or not merge):
            parts.append(segment)
    if last == "..":
        if not parts:
            return None
        parts.pop()
    if last in {".", ".."}:
        last = ""
    return "/" + "".join(f"{part}/" for part in parts) + last


@frozen
class LocationPattern:
    """The parsed argument of a location. `modifier` is "", "=", "^~", "~" or "~*"."""

    modifier: str
    text: str


def location_pattern(location: Directive) -> LocationPattern | None:
    """Return the parsed argument, or None for a named location or one without an argument."""
    if len(location.args) > 1:
        return LocationPattern(location.args[0], location.args[1])
    argument = location.args[0] if location.args else "@"
    for modifier in ("=", "^~", "~*", "~"):
        if argument.startswith(modifier):
            return LocationPattern(modifier, argument[len(modifier) :])
    return None if argument.startswith("@") else LocationPattern("", argument)


def _find_location(blocks: tuple[Directive, ...], path: str) -> LocationMatch | None:
    """Select as ngx_http_core_find_location does: the longest prefix, then the locations nested in
    it, then, unless one of these forbids it, the regular expressions of this level in order."""
    candidates = [
        (pattern, location)
        for location in children(blocks[-1], "location")
        if (pattern := location_pattern(location))
    ]
    exact = [
        location
        for pattern, location in candidates
        if pattern.modifier == "=" and pattern.text == path
    ]
    if exact:
        return LocationMatch((*blocks, exact[0]))
    prefixes = [
        (len(pattern.text), pattern.modifier, location)
        for pattern, location in candidates
        if pattern.modifier in {"", "^~"} and path.startswith(pattern.text)
    ]
    _, modifier, longest = max(prefixes, key=lambda prefix: prefix[0], default=(0, "", None))
    if not any(length == len(path) for length, _, _ in prefixes) and (
        redirect_location := _slash_redirect(candidates, path)
    ):
        return LocationMatch((*blocks, redirect_location), redirects=True)
    nested = None
    if longest is not None:
        nested = _find_location((*blocks, longest), path)
        if nested and _is_final(nested, len(blocks) + 1):
            return nested
    if modifier != "^~":
        for pattern, location in candidates:
            if pattern.modifier in {"~", "~*"} and pcre_matches(
                pattern.text, path, pattern.modifier == "~*"
            ):
                return _find_location((*blocks, location), path) or LocationMatch(
                    (*blocks, location)
                )
    if nested:
        return nested
    return LocationMatch((*blocks, longest)) if longest is not None else None


def _is_final(location: LocationMatch, depth: int) -> bool:
    """Return whether a nested match ends the search: exact, regular expression or redirect."""
    modifiers = [
        pattern.modifier
        for block in location.blocks[depth:]
        if (pattern := location_pattern(block))
    ]
    return location.redirects or not {"=", "~", "~*"}.isdisjoint(modifiers)


def _slash_redirect(
    candidates: list[tuple[LocationPattern, Directive]], path: str
) -> Directive | None:
    """Return the proxied location for the path plus a slash, to which nginx redirects."""
    return next(
        (
            location
            for pattern, location in candidates
            if pattern.text == f"{path}/"
            and pattern.modifier in {"", "^~", "="}
            and any(children(location, name) for name in PASS_DIRECTIVES)
        ),
        None,
    )


PASS_DIRECTIVES = (
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "memcached_pass",
    "grpc_pass",
)


# Forwarding to the application


def proxy_pass_of(location: LocationMatch) -> Directive | None:
    """Return the proxy_pass of a location, or of an `if` in it. proxy_pass is never inherited."""
    direct = children(location.block, "proxy_pass")
    inner = [
        directive
        for block in children(location.block, "if")
        for directive in children(block, "proxy_pass")
    ]
    return next((directive for directive in (*direct, *inner) if directive.args), None)


def proxy_set_header_of(location: LocationMatch, name: str) -> Directive | None:
    """Return the proxy_set_header in force for a field, or None if nginx's default applies."""
    directives = [
        directive
        for directive in location.directives("proxy_set_header")
        if directive.args and directive.args[0].lower() == name.lower()
    ]
    return directives[-1] if directives else None


def expand_variables(
    location: LocationMatch, text: str, request: Mapping[str, str | None], depth: int = 0
) -> str | None:
    """Return a value with its variables replaced, or None if one of them cannot be known.

    `request` maps the request's variables ("http_upgrade") to their values; maps and `set` are
    evaluated.
    """
    unknown = False

    def substitute(match: re.Match[str]) -> str:
        nonlocal unknown
        replacement = _variable(location, match[1] or match[2], request, depth)
        unknown = unknown or replacement is None
        return replacement or ""

    expanded = re.sub(r"\$(?:\{(\w+)\}|(\w+))", substitute, text)
    return None if unknown else expanded


def _variable(
    location: LocationMatch, name: str, request: Mapping[str, str | None], depth: int
) -> str | None:
    if name in request:
        return request[name]
    if depth > MAX_HOPS:
        return None
    for block in reversed(location.blocks):
        for directive in children(block, "set"):
            if directive.args[:1] == (f"${name}",) and len(directive.args) > 1:
                return expand_variables(location, directive.args[1], request, depth + 1)
    map_block = map_of(location.blocks[0], name)
    return None if map_block is None else _map_value(location, map_block, request, depth + 1)


def map_of(http: Directive, name: str) -> Directive | None:
    """Return the `map` block that defines a variable."""
    return next(
        (directive for directive in children(http, "map") if directive.args[1:] == (f"${name}",)),
        None,
    )


def _map_value(
    location: LocationMatch, map_block: Directive, request: Mapping[str, str | None], depth: int
) -> str | None:
    source = expand_variables(location, map_block.args[0], request, depth)
    if source is None:
        return None
    default: str | None = ""
    expressions = []
    for entry in map_block.block or ():
        key, result = entry.name, entry.args[0] if entry.args else ""
        if key == "default":
            default = expand_variables(location, result, request, depth)
        elif key.startswith("~"):
            expressions.append((key.lstrip("~").lstrip("*"), key.startswith("~*"), result))
        elif key.lstrip("\\").lower() == source.lower():
            return expand_variables(location, result, request, depth)
    for expression, ignore_case, result in expressions:
        if pcre_matches(expression, source, ignore_case):
            return expand_variables(location, result, request, depth)
    return default


_SET_HEADER = "proxy_set_header"


def upgrade_forwarding(location: LocationMatch) -> tuple[bool, bool]:
    """Return whether a location forwards a WebSocket's Upgrade field, and whether it forwards
    Connection with "upgrade" (RFC 6455 section 4.1). A value that depends on unknown variables
    counts as correct."""
    upgrade, connection = (forwarded_header(location, name) for name in ("Upgrade", "Connection"))
    return upgrade != "", connection is None or "upgrade" in connection.lower()


def inheritance_broken_at(location: LocationMatch) -> LocationMatch | None:
    """Return the outer blocks whose proxy_set_header forward an upgrade, if an inner block breaks
    the inheritance: it has proxy_set_header directives of its own, but not these ("These directives
    are inherited … if and only if there are no proxy_set_header directives defined on the current
    level"). Otherwise None."""
    for depth in range(len(location.blocks) - 1, 0, -1):
        own = {
            directive.args[0].lower()
            for directive in children(location.blocks[depth], _SET_HEADER)
            if directive.args
        }
        if own:
            fields = zip(("upgrade", "connection"), upgrade_forwarding(location), strict=True)
            missing = {name for name, right in fields if not right}
            outer = LocationMatch(location.blocks[:depth])
            return (
                outer if missing and not missing & own and all(upgrade_forwarding(outer)) else None
            )
    return None


def forwarded_header(location: LocationMatch, name: str) -> str | None:
    """Return the value of a field that nginx forwards in a WebSocket handshake.

    "" means that the field is not sent, None that its value cannot be known. By default nginx
    sends "Connection: close" and no Upgrade.
    """
    directive = proxy_set_header_of(location, name)
    if directive is None:
        return "close" if name.lower() == "connection" else ""
    request = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
    return expand_variables(location, directive.args[1], request) if len(directive.args) > 1 else ""


@frozen
class Application:
    """The destination of a proxy_pass. `uri` replaces the location's prefix; None means that the
    path is forwarded unchanged."""

    scheme: str
    authority: str
    uri: str | None
    servers: tuple[tuple[str, int], ...]


def application_of(location: LocationMatch, directive: Directive) -> Application | None:
    """Return the destination of a proxy_pass, or None if it contains unknown variables, is a Unix
    socket or cannot be parsed."""
    target = expand_variables(location, directive.args[0], {})
    match = re.match(r"(https?)://([^/?#]+)(.*)$", target or "", re.IGNORECASE)
    if match is None or match[2].startswith("unix:"):
        return None
    scheme, authority, uri = match[1].lower(), match[2], match[3]
    port = 443 if scheme == "https" else 80
    group = next(
        (
            upstream
            for upstream in children(location.blocks[0], "upstream")
            if upstream.args == (authority,)
        ),
        None,
    )
    if group is None:
        addresses = [authority]
    else:
        addresses = [
            server.args[0]
            for server in children(group, "server")
            if server.args and "down" not in server.args and not server.args[0].startswith("unix:")
        ]
        port = 80
    endpoints = tuple(endpoint for address in addresses if (endpoint := _endpoint(address, port)))
    return Application(scheme, authority, uri or None, endpoints) if endpoints else None


def _endpoint(text: str, port: int) -> tuple[str, int] | None:
    match = re.match(r"(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$", text)
    return (match[1].strip("[]"), int(match[2] or port)) if match else None


def forwarded_path(location: LocationMatch, application: Application, path: str) -> str:
    """Return the path that nginx requests from the application."""
    pattern = location_pattern(location.block) if location.block.name == "location" else None
    if application.uri is None or pattern is None or pattern.modifier in {"~", "~*"}:
        return path
    return application.uri + path[len(pattern.text) :] if path.startswith(pattern.text) else path
