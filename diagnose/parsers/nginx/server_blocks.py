"""Which server block and which location of a configuration answer, as nginx itself chooses.

Sockets and names: https://nginx.org/en/docs/http/server_names.html and the documentation of
`listen`; locations: https://nginx.org/en/docs/http/ngx_http_core_module.html#location. Held to
the real program by tests/parsers/nginx/test_selection.py. Pure.
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

How = Literal["exact", "wildcard", "regex", "default"]

#: A URI is rewritten or redirected internally no more often than this (nginx's own limit).
HOPS = 10


@frozen
class Listen:
    """A `listen`, taken apart. `address` is "*" or "::" for all, or one address."""

    address: str
    port: int
    ssl: bool
    default: bool
    directive: Directive | None


@frozen
class Server:
    """A server block, with the http block around it."""

    http: Directive
    block: Directive
    listens: tuple[Listen, ...]
    names: tuple[str, ...]


@frozen
class Socket:
    """What one address and port belongs to. `ssl` is a property of the socket: one `listen`
    that has it is enough."""

    address: str
    port: int
    ssl: bool
    servers: tuple[Server, ...]
    default: Server


@frozen
class Place:
    """The location that answers: the blocks from http inwards. `redirects` says that nginx
    only redirects to the same path with a slash."""

    blocks: tuple[Directive, ...]
    redirects: bool = False

    @property
    def location(self) -> Directive:
        return self.blocks[-1]

    def one(self, name: str) -> Directive | None:
        """The directive in force: the innermost block that has it decides."""
        found = self.all(name)
        return found[-1] if found else None

    def all(self, name: str) -> tuple[Directive, ...]:
        """The directives in force of a kind that may be repeated: those of the innermost block
        that has any (that is how proxy_set_header is inherited)."""
        for block in reversed(self.blocks):
            if found := children(block, name):
                return found
        return ()


def children(block: Directive, name: str) -> tuple[Directive, ...]:
    return tuple(one for one in block.block or () if one.name == name)


def files(server: Server, name: str) -> tuple[str, ...]:
    """The paths that a server block's ssl_certificate, or the like, name, as written; those that
    depend on the visitor are left out."""
    given = Place((server.http, server.block)).all(name)
    paths = (one.args[0] for one in given if one.args)
    return tuple(p for p in paths if "$" not in p and not p.startswith(("data:", "engine:")))


def servers(main: tuple[Directive, ...]) -> tuple[Server, ...]:
    """Every server block, in order."""
    return tuple(
        Server(http, block, _listens(http, block), _names(block))
        for http in main
        if http.name == "http"
        for block in children(http, "server")
    )


def _names(block: Directive) -> tuple[str, ...]:
    return tuple(
        name if name.startswith("~") else name.lower()
        for one in children(block, "server_name")
        for name in one.args
    )


def _listens(http: Directive, block: Directive) -> tuple[Listen, ...]:
    # `ssl on;` made every socket of the block one of TLS until nginx 1.25.1.
    switch = (*children(http, "ssl"), *children(block, "ssl"))[-1:]
    old = any(one.args[:1] == ("on",) for one in switch)
    listens = [one for given in children(block, "listen") for one in _listen(given, old)]
    if not children(block, "listen"):
        listens.append(Listen("*", 80, old, False, None))
    return tuple(listens)


_ADDRESS = re.compile(r"(?:(\[[^\]]*\]|[^:\[\]]+?):)?(\d+)(?:-(\d+))?$")


def _listen(directive: Directive, ssl: bool) -> Iterator[Listen]:
    if not directive.args or directive.args[0].startswith("unix:"):
        return
    where, *options = directive.args
    if "quic" in options:
        return
    if match := _ADDRESS.match(where):
        address, low, high = match[1] or "*", int(match[2]), int(match[3] or match[2])
    else:
        address, low, high = where, 80, 80
    address = {"localhost": "127.0.0.1", "0.0.0.0": "*"}.get(address) or _spelt(address)
    default = not {"default_server", "default"}.isdisjoint(options)
    for port in range(low, min(high, low + 1000) + 1):
        yield Listen(address, port, ssl or "ssl" in options, default, directive)


def _spelt(address: str) -> str:
    """An IPv6 address may be written in many ways (RFC 5952); here it has one."""
    bare = address.strip("[]")
    if not address.startswith("[") or bare in {"::", "::1"}:
        return bare
    from ipaddress import IPv6Address

    try:
        return str(IPv6Address(bare))
    except ValueError:
        return bare


def sockets(all_servers: Sequence[Server], port: int) -> tuple[Socket, ...]:
    """What listens on a port, each address apart. A connection to an address belongs to the
    socket of that address, if there is one, else to that of all addresses."""
    held: dict[str, list[tuple[Server, Listen]]] = {}
    for server in all_servers:
        for listen in server.listens:
            if listen.port == port:
                held.setdefault(listen.address, []).append((server, listen))
    made = []
    for address, pairs in held.items():
        default = next((server for server, listen in pairs if listen.default), pairs[0][0])
        ssl = any(listen.ssl for _, listen in pairs)
        # By identity: to compare or hash a block is to walk through the whole configuration.
        there = tuple({id(server): server for server, _ in pairs}.values())
        made.append(Socket(address, port, ssl, there, default))
    return tuple(made)


def taking(found: Sequence[Socket], address: str) -> Socket | None:
    """The socket that takes a connection to an address of this machine."""
    by = {one.address: one for one in found}
    wide = "::" if ":" in address else "*"
    return by.get(address) or by.get(wide)


def reachable(
    found: Sequence[Socket], addresses: Iterable[str], name: str = ""
) -> tuple[Socket, ...]:
    """Those sockets that a visitor meets: those of the addresses by which the site is reached,
    or, as a cloud may translate these, all but loopback's."""
    given = set(addresses)
    wanted = [one for one in found if one.address in given]
    outer = [one for one in found if not one.address.startswith("127.") and one.address != "::1"]
    wide = [one for one in outer if one.address in {"*", "::"} and one.address not in given]
    return tuple(wanted + wide if wanted else outer)


# Names


@dataclass(slots=True)
class _NameTable:
    """A socket's names as nginx hashes them. What is already there is ignored, with a warning
    (ngx_hash_add_key)."""

    exact: dict[str, Server] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    heads: dict[str, tuple[Server, bool]] = field(default_factory=dict)
    tails: dict[str, Server] = field(default_factory=dict)
    patterns: list[tuple[str, Server]] = field(default_factory=list)

    def add(self, name: str, server: Server) -> None:
        if name.startswith("~"):
            self.patterns.append((name[1:], server))
        elif name.startswith("."):
            if name[1:] not in self.taken:
                self.taken.add(name[1:])
                self.heads.setdefault(name[1:], (server, True))
        elif name.startswith("*."):
            self.heads.setdefault(name[2:], (server, False))
        elif name.endswith(".*"):
            self.tails.setdefault(name[:-2], server)
        elif name not in self.taken:
            self.taken.add(name)
            self.exact[name] = server


def choose(socket: Socket, name: str) -> tuple[Server, How]:
    """The block that answers a name on a socket, and by what kind of name."""
    table = _NameTable()
    for server in socket.servers:
        for one in server.names or ("",):
            table.add(one, server)
    name = name.lower().rstrip(".")
    if name and name in table.exact:
        return table.exact[name], "exact"
    if (found := _wildcard(table, name)) is not None:
        return found, "wildcard"
    for pattern, server in table.patterns:
        if matches(pattern, name, ignore_case=True):
            return server, "regex"
    return socket.default, "default"


def rivals(socket: Socket, name: str) -> tuple[Server, ...]:
    """The blocks that bear the very name by which `choose` found its block, and so are ignored for
    it: nginx warns of a "conflicting server name"."""
    winner, how = choose(socket, name)
    name = name.lower().rstrip(".")
    by = {name, f".{name}"} if how == "exact" else set()
    if how == "wildcard":
        parts = name.split(".")
        ends = {".".join(parts[cut:]) for cut in range(len(parts))}
        heads = {".".join(parts[:cut]) for cut in range(1, len(parts))}
        known = {f".{end}" for end in ends} | {f"*.{end}" for end in ends}
        by = (known | {f"{head}.*" for head in heads}).intersection(winner.names)
        # Two writings of one wildcard.
        by |= {f"*{one}" for one in by if one.startswith(".")}
        by |= {one[1:] for one in by if one.startswith("*.")}
    at = next(at for at, one in enumerate(socket.servers) if one is winner)
    later = socket.servers[at + 1 :]
    return tuple(one for one in later if not by.isdisjoint(one.names))


def _wildcard(table: _NameTable, name: str) -> Server | None:
    labels = name.split(".")
    for cut in range(len(labels)):
        found = table.heads.get(".".join(labels[cut:]))
        if found and (cut or found[1]):
            return found[0]
    for cut in range(len(labels) - 1, 0, -1):
        if ".".join(labels[:cut]) in table.tails:
            return table.tails[".".join(labels[:cut])]
    return None


def matches(pattern: str, text: str, ignore_case: bool) -> bool:
    """Whether a PCRE matches, for all that Python's own expressions can say; what they cannot
    say matches nothing."""
    return captured(pattern, text, ignore_case) is not None


def captured(pattern: str, text: str, ignore_case: bool) -> re.Match[str] | None:
    """What a PCRE finds, with its groups; None also where Python cannot say it."""
    compiled = _compiled(pattern, ignore_case)
    return compiled.search(text) if compiled else None


def understood(pattern: str) -> bool:
    """Whether `matches` can tell."""
    return _compiled(pattern, False) is not None


_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "lower": "a-z", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f", "space": r"\s", "word": r"\w",
}  # fmt: skip


@lru_cache(maxsize=512)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str] | None:
    # PCRE writes named groups without the P as well, and knows POSIX's classes (pcre2pattern(3)).
    given = re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern)
    given = re.sub(r"\[:(\w+):\]", lambda one: _CLASSES.get(one[1], one[0]), given)
    if "[:" in given or re.search(r"\\[QEhHKRzGX]|\(\?[|R&+0-9]|\(\*", given):
        return None
    try:
        with warnings.catch_warnings():
            # Python warns of "[[", which PCRE reads as Python does today.
            warnings.simplefilter("ignore")
            return re.compile(given, re.ASCII | (re.IGNORECASE if ignore_case else 0))
    except (re.error, RecursionError, OverflowError, ValueError):
        return None


# Locations


def find(server: Server, path: str, merge: bool | None = None) -> Place:
    """The location that answers a path on a server block; the server block itself where none
    does. Follows the fallback of try_files to a named location. `merge` is whether slashes are
    merged: the block that the connection began with says so, which by TLS is this one as a
    rule."""
    place = located(server, path, merge)
    for _ in range(HOPS):
        named = fallback(server, place)
        if named is None:
            break
        place = named
    return place


def located(server: Server, path: str, merge: bool | None = None) -> Place:
    """The location that is asked first for a path, whatever files there are."""
    given = normal(path, merges(server) if merge is None else merge) or "/"
    return _search((server.http, server.block), given) or Place((server.http, server.block))


def fallback(server: Server, place: Place) -> Place | None:
    """The named location to which a location's try_files leads at last; None where it does not."""
    name = _fallback(place)
    named = _named(server.block, name) if name else None
    if named is None or named in place.blocks:
        return None
    return Place((server.http, server.block, named))


def places(server: Server) -> Iterator[Place]:
    """Every location of a server block, nested and named ones too."""

    def within(blocks: tuple[Directive, ...]) -> Iterator[Place]:
        for one in children(blocks[-1], "location"):
            yield Place((*blocks, one))
            yield from within((*blocks, one))

    yield from within((server.http, server.block))


def _fallback(place: Place) -> str:
    """Where files that are not there lead, if the location is not itself proxied."""
    tried = children(place.location, "try_files")
    last = tried[-1].args[-1] if tried and tried[-1].args else ""
    return last if last.startswith("@") else ""


def _named(block: Directive, name: str) -> Directive | None:
    return next((one for one in children(block, "location") if one.args == (name,)), None)


def merges(server: Server) -> bool:
    """Whether two slashes are one (merge_slashes, which is on by default)."""
    given = Place((server.http, server.block)).one("merge_slashes")
    return given is None or given.args[:1] != ("off",)


def normal(path: str, merge: bool = True) -> str | None:
    """A path as locations are matched against it: decoded, without its query, dots and double
    slashes resolved (ngx_http_parse_complex_uri). None where it climbs above the root, for which
    nginx answers 400."""
    parts: list[str] = []
    *given, last = unquote(re.split("[?#]", path, maxsplit=1)[0]).split("/")[1:] or [""]
    for part in given:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != "." and (part or not merge):
            parts.append(part)
    if last == "..":
        if not parts:
            return None
        parts.pop()
    if last in {".", ".."}:
        last = ""
    return "/" + "".join(f"{part}/" for part in parts) + last


@frozen
class Pattern:
    """A location's argument, taken apart: `modifier` is "", "=", "^~", "~" or "~*"."""

    modifier: str
    text: str


def pattern(location: Directive) -> Pattern | None:
    """None for a named location, or one without an argument."""
    if len(location.args) > 1:
        return Pattern(location.args[0], location.args[1])
    given = location.args[0] if location.args else "@"
    for modifier in ("=", "^~", "~*", "~"):
        if given.startswith(modifier):
            return Pattern(modifier, given[len(modifier) :])
    return None if given.startswith("@") else Pattern("", given)


def _search(blocks: tuple[Directive, ...], path: str) -> Place | None:
    """ngx_http_core_find_location: the longest prefix, then what is nested in it, then, unless
    that forbids it, the expressions of this level in order."""
    known = [(given, one) for one in children(blocks[-1], "location") if (given := pattern(one))]
    exact = [one for given, one in known if given.modifier == "=" and given.text == path]
    if exact:
        return Place((*blocks, exact[0]))
    prefixes = [
        (len(given.text), given.modifier, one)
        for given, one in known
        if given.modifier in {"", "^~"} and path.startswith(given.text)
    ]
    _, modifier, best = max(prefixes, key=lambda one: one[0], default=(0, "", None))
    if not any(length == len(path) for length, _, _ in prefixes) and (
        slashed := _slashed(known, path)
    ):
        return Place((*blocks, slashed), redirects=True)
    found = None
    if best is not None:
        found = _search((*blocks, best), path)
        if found and _is_final(found, len(blocks) + 1):
            return found
    if modifier != "^~":
        for given, one in known:
            if given.modifier in {"~", "~*"} and matches(given.text, path, given.modifier == "~*"):
                return _search((*blocks, one), path) or Place((*blocks, one))
    if found:
        return found
    return Place((*blocks, best)) if best is not None else None


def _is_final(place: Place, depth: int) -> bool:
    """An exact location, an expression or a redirect found further in ends the search."""
    ways = [given.modifier for one in place.blocks[depth:] if (given := pattern(one))]
    return place.redirects or not {"=", "~", "~*"}.isdisjoint(ways)


def _slashed(known: list[tuple[Pattern, Directive]], path: str) -> Directive | None:
    """A proxied location for the path with a slash behind it, to which nginx redirects."""
    return next(
        (
            one
            for given, one in known
            if given.text == f"{path}/"
            and given.modifier in {"", "^~", "="}
            and any(children(one, name) for name in PASSES)
        ),
        None,
    )


PASSES = ("proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "grpc_pass")


# What is passed on


def passed(place: Place) -> Directive | None:
    """The proxy_pass of a location, or of an `if` in it. It is never inherited."""
    direct = children(place.location, "proxy_pass")
    inner = [
        one for block in children(place.location, "if") for one in children(block, "proxy_pass")
    ]
    return next((one for one in (*direct, *inner) if one.args), None)


def header(place: Place, name: str) -> Directive | None:
    """The proxy_set_header in force for a field; None where nginx's own default holds."""
    found = [
        one
        for one in place.all("proxy_set_header")
        if one.args and one.args[0].lower() == name.lower()
    ]
    return found[-1] if found else None


def value(place: Place, text: str, request: Mapping[str, str | None], depth: int = 0) -> str | None:
    """A value with its variables replaced, None where one cannot be known.

    `request` gives the variables of the request ("http_upgrade"); maps and `set` are followed.
    """
    unknown = False

    def one(match: re.Match[str]) -> str:
        nonlocal unknown
        found = _variable(place, match[1] or match[2], request, depth)
        unknown = unknown or found is None
        return found or ""

    filled = re.sub(r"\$(?:\{(\w+)\}|(\w+))", one, text)
    return None if unknown else filled


def _variable(place: Place, name: str, request: Mapping[str, str | None], depth: int) -> str | None:
    if name in request:
        return request[name]
    if depth > HOPS:
        return None
    for block in reversed(place.blocks):
        for given in children(block, "set"):
            if given.args[:1] == (f"${name}",) and len(given.args) > 1:
                return value(place, given.args[1], request, depth + 1)
    found = mapped(place.blocks[0], name)
    return None if found is None else _map_value(place, found, request, depth + 1)


def mapped(http: Directive, name: str) -> Directive | None:
    """The map that makes a variable."""
    return next((one for one in children(http, "map") if one.args[1:] == (f"${name}",)), None)


def _map_value(
    place: Place, found: Directive, request: Mapping[str, str | None], depth: int
) -> str | None:
    source = value(place, found.args[0], request, depth)
    if source is None:
        return None
    default: str | None = ""
    expressions = []
    for entry in found.block or ():
        key, gives = entry.name, entry.args[0] if entry.args else ""
        if key == "default":
            default = value(place, gives, request, depth)
        elif key.startswith("~"):
            expressions.append((key.lstrip("~").lstrip("*"), key.startswith("~*"), gives))
        elif key.lstrip("\\").lower() == source.lower():
            return value(place, gives, request, depth)
    for given, ignore_case, gives in expressions:
        if matches(given, source, ignore_case):
            return value(place, gives, request, depth)
    return default


_SET = "proxy_set_header"


def upgrade_passed(place: Place) -> tuple[bool, bool]:
    """Whether a location passes a WebSocket's Upgrade on, and says so in Connection (RFC 6455
    section 4.1). What depends on variables that cannot be known is taken to be right."""
    upgrade, connection = (sent(place, name) for name in ("Upgrade", "Connection"))
    return upgrade != "", connection is None or "upgrade" in connection.lower()


def wiped(place: Place) -> Place | None:
    """The blocks around whose proxy_set_header pass an upgrade on, where one further in has some
    of its own, without these, and so inherits none ("These directives are inherited … if and only
    if there are no proxy_set_header directives defined on the current level")."""
    for depth in range(len(place.blocks) - 1, 0, -1):
        own = {one.args[0].lower() for one in children(place.blocks[depth], _SET) if one.args}
        if own:
            fields = zip(("upgrade", "connection"), upgrade_passed(place), strict=True)
            lost = {name for name, right in fields if not right}
            around = Place(place.blocks[:depth])
            return around if lost and not lost & own and all(upgrade_passed(around)) else None
    return None


def sent(place: Place, name: str) -> str | None:
    """The value of a field that nginx sends on for a WebSocket's handshake: "" for none, None
    where it cannot be known. By default nginx sends "Connection: close" and no Upgrade."""
    given = header(place, name)
    if given is None:
        return "close" if name.lower() == "connection" else ""
    request = {"http_upgrade": "websocket", "http_connection": "Upgrade"}
    return value(place, given.args[1], request) if len(given.args) > 1 else ""


@frozen
class Application:
    """Where a proxy_pass leads. `uri` is what it puts in place of the location's prefix, None
    where the path is passed on as it came."""

    scheme: str
    authority: str
    uri: str | None
    servers: tuple[tuple[str, int], ...]


def application(place: Place, given: Directive) -> Application | None:
    """Take a proxy_pass apart; None where it holds variables that cannot be known, leads to a
    Unix socket, or cannot be read."""
    target = value(place, given.args[0], {})
    match = re.match(r"(https?)://([^/?#]+)(.*)$", target or "", re.IGNORECASE)
    if match is None or match[2].startswith("unix:"):
        return None
    scheme, authority, uri = match[1].lower(), match[2], match[3]
    port = 443 if scheme == "https" else 80
    group = next(
        (one for one in children(place.blocks[0], "upstream") if one.args == (authority,)), None
    )
    if group is None:
        named = [authority]
    else:
        named = [
            one.args[0]
            for one in children(group, "server")
            if one.args and "down" not in one.args and not one.args[0].startswith("unix:")
        ]
        port = 80
    ends = tuple(end for one in named if (end := _endpoint(one, port)))
    return Application(scheme, authority, uri or None, ends) if ends else None


def _endpoint(text: str, port: int) -> tuple[str, int] | None:
    match = re.match(r"(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$", text)
    return (match[1].strip("[]"), int(match[2] or port)) if match else None


def path_passed(place: Place, found: Application, path: str) -> str:
    """The path as the application is asked for it."""
    given = pattern(place.location) if place.location.name == "location" else None
    if found.uri is None or given is None or given.modifier in {"~", "~*"}:
        return path
    return found.uri + path[len(given.text) :] if path.startswith(given.text) else path
