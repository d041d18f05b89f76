"""Where nginx passes requests on: the target of proxy_pass and its like, its servers, and whether
their names can be resolved. nginx.org: ngx_http_proxy_module, ngx_http_upstream_module. Pure.
"""

import re
from collections.abc import Iterator, Mapping

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.server_blocks import Application, Place, Server, children

#: The directives that pass a request on, and the protocol that each speaks unless it says so.
PASSES = {
    "proxy_pass": "http",
    "grpc_pass": "grpc",
    "fastcgi_pass": "fastcgi",
    "uwsgi_pass": "uwsgi",
    "scgi_pass": "scgi",
}

#: What is spoken inside TLS.
SECURE = {"https", "grpcs", "suwsgi"}

_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}


@frozen
class End:
    """One server that a request may be passed on to: a host and a port, or the path of a Unix
    socket. `written` is the directive that names it: the pass itself, or a `server` of a group.
    """

    host: str
    port: int
    socket: str = ""
    backup: bool = False
    written: Directive | None = None

    def __str__(self) -> str:
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@frozen
class Lead:
    """Where a pass leads. `uri` is what it puts in the place of the location's prefix, None where
    the path goes on as it came. `variable` says that nginx finds out only when a request comes.
    `group` is the upstream block that it names."""

    given: Directive
    scheme: str
    authority: str
    uri: str | None
    ends: tuple[End, ...]
    variable: bool = False
    group: Directive | None = None

    @property
    def target(self) -> str:
        return self.given.args[0]

    @property
    def secure(self) -> bool:
        return self.scheme in SECURE

    @property
    def speaks_http(self) -> bool:
        return self.scheme in {"http", "https"}

    @property
    def host(self) -> str:
        """The name or address in the target, without a port."""
        match = _AUTHORITY.match(self.authority)
        return match[1].strip("[]") if match else ""


_AUTHORITY = re.compile(r"(\[[^\]]+\]|[^:/]+)(?::(\d{1,5}))?$")


def passed(place: Place) -> Directive | None:
    """The directive by which a location, or an `if` in it, passes requests on. It is never
    inherited."""
    inner = (place.location, *children(place.location, "if"))
    found = (one for block in inner for one in block.block or () if one.name in PASSES)
    return next((one for one in found if one.args), None)


def request(target: Target) -> Mapping[str, str]:
    """The variables of a request for the target, as far as a pass may be made of them."""
    path, _, query = target.path.partition("?")
    return {
        "host": target.host,
        "http_host": target.authority,
        "server_name": target.host,
        "server_port": str(target.port),
        "scheme": "https" if target.scheme in {"https", "wss"} else "http",
        "request_uri": target.path,
        "uri": path,
        "document_uri": path,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
    }


def lead(place: Place, known: Mapping[str, str]) -> Lead | None:
    """Where a location leads; None where it passes nothing on, or where that depends on what
    cannot be known."""
    given = passed(place)
    text = server_blocks.value(place, given.args[0], dict(known)) if given else None
    if given is None or not text:
        return None
    scheme, rest = PASSES[given.name], text
    if match := re.match(r"([a-z]+)://(.*)$", text, re.IGNORECASE):
        scheme, rest = match[1].lower(), match[2]
    elif given.name == "proxy_pass":
        return None
    variable = "$" in given.args[0]
    if rest.startswith("unix:"):
        path, _, uri = rest.removeprefix("unix:").partition(":")
        ends: tuple[End, ...] = (End("", 0, path, written=given),)
        return Lead(given, scheme, "localhost", uri or None, ends, variable)
    authority, slash, uri = (
        re.split(r"([/?#])", rest, maxsplit=1) if "/" in rest else (rest, "", "")
    )
    group = _group(place.blocks[0], authority)
    if group:
        ends = tuple(_members(group))
    else:
        ends = tuple(_end(authority, _PORTS.get(scheme, 80), given))
    return (
        Lead(given, scheme, authority, slash + uri or None, ends, variable, group) if ends else None
    )


def _group(http: Directive, name: str) -> Directive | None:
    named = (one for one in children(http, "upstream") if one.args)
    return next((one for one in named if one.args[0].lower() == name.lower()), None)


def _members(group: Directive) -> Iterator[End]:
    for one in children(group, "server"):
        if one.args and "down" not in one.args:
            yield from _end(one.args[0], 80, one, "backup" in one.args)


def _end(text: str, port: int, written: Directive, backup: bool = False) -> Iterator[End]:
    if text.startswith("unix:"):
        yield End("", 0, text.removeprefix("unix:"), backup, written)
    elif match := _AUTHORITY.match(text):
        yield End(match[1].strip("[]"), int(match[2] or port), "", backup, written)


def asks(place: Place, found: Lead, path: str) -> str:
    """The path as the application is asked for it. With variables in the target, what they make
    is the whole of it."""
    if found.variable:
        return found.uri or path
    plain = Application(found.scheme, found.authority, found.uri, ())
    return server_blocks.path_passed(place, plain, path)


def lands(server: Server, path: str) -> Place:
    """The location that answers a path in the end: files that are not there lead to the last
    argument of try_files, and a folder to its index, if that is a program's."""
    place = server_blocks.find(server, path)
    for _ in range(3):
        further = None if passed(place) else _further(place, path)
        if further is None:
            break
        place, path = server_blocks.find(server, further), further
    return place


def _further(place: Place, path: str) -> str | None:
    tried = place.one("try_files")
    last = tried.args[-1] if tried and tried.args else ""
    if last.startswith("/"):
        return last.partition("?")[0]
    index = place.one("index")
    programs = [one for one in (index.args if index else ()) if one.endswith(".php")]
    whole = path.partition("?")[0]
    return f"{whole}{programs[0]}" if programs and whole.endswith("/") else None


# Names


def unresolved(main: tuple[Directive, ...], place: Place, found: Lead) -> str:
    """The name that nginx has to resolve for each request and has no resolver for; "" for none.

    With a variable in it, a target is looked up when a request comes: among the groups, and among
    the names that other passes, without variables, had nginx resolve when it started (nginx
    source, ngx_http_upstream_init_request)."""
    if not found.variable or found.group or not found.ends or found.ends[0].socket:
        return ""
    end = found.ends[0]
    known = {(host.lower(), port) for host, port in _resolved_at_start(main)}
    if is_address(end.host) or place.one("resolver") or (end.host.lower(), end.port) in known:
        return ""
    return end.host


def _resolved_at_start(main: tuple[Directive, ...]) -> Iterator[tuple[str, int]]:
    for one in walk(main):
        if one.name in PASSES and one.args and "$" not in one.args[0]:
            scheme, found, rest = one.args[0].rpartition("://")
            port = _PORTS.get(scheme.lower() if found else PASSES[one.name], 80)
            for end in _end(rest.partition("/")[0], port, one):
                yield end.host, end.port


def renewed(place: Place, found: Lead, end: End) -> bool:
    """Whether nginx looks up the name again by itself while it runs: a target with variables, or
    a server with `resolve` (since 1.27.3)."""
    again = end.written is not None and "resolve" in end.written.args
    return again or (found.variable and not found.group)


def server_name(place: Place, found: Lead, known: Mapping[str, str]) -> str:
    """The name that nginx sends in its handshake with the application (RFC 6066 section 3): none,
    unless proxy_ssl_server_name is on."""
    kind = "grpc" if found.given.name == "grpc_pass" else "proxy"
    on = place.one(f"{kind}_ssl_server_name")
    if on is None or on.args[:1] != ("on",):
        return ""
    given = place.one(f"{kind}_ssl_name")
    named = {**known, "proxy_host": found.authority}
    name = server_blocks.value(place, given.args[0], named) if given and given.args else found.host
    name = (name or "").rpartition(":")[0] if (name or "").count(":") == 1 else name or ""
    return "" if is_address(name) else name
