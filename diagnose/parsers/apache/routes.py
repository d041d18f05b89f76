"""Where a virtual host passes requests on to: ProxyPass and its relatives (mod_proxy). No I/O."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import REQUEST_PATH

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "h2c": 80, "h2": 443, "ajp": 8009}
_URL = re.compile(
    r"([a-z][a-z0-9+]{0,15})://(\[[0-9A-Fa-f:.]{2,45}\]|[^/:\[\]\s|%]{0,255})(?::(\d{1,5}))?"
    r"(/.*|%\{REQUEST_URI\}.*|\$1|)"
)
#: A pattern that is one group.
_WHOLE = re.compile(r"\^?\((\.[*+]|/[^()]{0,300})\)\$?")


def routes_of(inner: Sequence[Directive], shared: Sequence[Directive] = ()) -> Iterator[SiteRoute]:
    """Return the routes of ProxyPass in the order in which they count: those inside of <Location>
    before all others, and of these the last one that matches; then the lines in their order
    (mod_proxy.c, proxy_trans and merge_proxy_dir_config). `shared` are the main server's lines,
    which count after the virtual host's own of the same kind. An exclusion ("!") has neither scheme
    nor host."""
    routes = [*_section_routes(inner), *_section_routes(shared)]
    for directive in (*inner, *shared):
        if directive.name in _LINES and (passed := _route(directive, "")):
            routes.append(passed)
    for route, worker in zip(routes, worker_routes(routes), strict=True):
        is_own = worker is route
        yield route if is_own else replace(route, websocket=worker.websocket, idle_s=worker.idle_s)


def worker_routes(routes: Sequence[SiteRoute]) -> list[SiteRoute]:
    """Return for each route the one whose line makes its worker: itself, or an earlier line whose
    URL is the beginning of its own. Apache ignores the parameters of the later line then
    (mod_proxy, "Worker Sharing"; error.log: AH01146)."""
    makers: dict[tuple[object, ...], SiteRoute] = {}
    chosen = {}
    for route in sorted(routes, key=lambda route: route.line):
        own = (route.file, route.scheme, route.host, route.port, route.socket)
        path = route.target.partition("://")[2].partition("/")[2]
        ends = range(len(path), -1, -1)
        maker = next((m for end in ends if (m := makers.get((*own, path[:end])))), None)
        if route.pattern or not (route.host or route.socket):
            maker = None
        elif maker is None:
            makers[*own, path] = route
        chosen[id(route)] = maker or route
    return [chosen[id(route)] for route in routes]


_SECTIONS, _LINES = {"location", "locationmatch"}, {"proxypass", "proxypassmatch"}


def _section_routes(directives: Sequence[Directive]) -> Iterator[SiteRoute]:
    for section in reversed(directives):
        if section.name not in _SECTIONS or section.block is None:
            continue
        path = next((arg for arg in section.args if arg != "~"), "/")
        lines = [line for line in section.block if line.name in _LINES]
        if not lines:
            continue
        # A later line of the same section replaces the one before.
        is_match = lines[-1].name == "proxypassmatch" or _FNMATCH.search(path) is not None
        # Without such a character ProxyPass compares the letters of a pattern.
        is_literal = section.name == "location" and "~" not in section.args
        if passed := _route(lines[-1], path, is_match):
            yield passed if is_match or is_literal else replace(passed, pattern=True)


#: What makes mod_proxy take the path of a section as a pattern, for ProxyPass too (mod_proxy.c,
#: add_pass; apr_fnmatch_test).
_FNMATCH = re.compile(r"(?<!\\)[*?]|(?<!\\)\[.{0,500}\]")


def _route(directive: Directive, prefix: str, is_match: bool = False) -> SiteRoute | None:
    """Return the route of a line; `prefix` is the path of its section, and `is_match` whether that
    is a pattern for mod_proxy."""
    args = directive.args
    options = [word.lower() for word in args if "=" in word and "://" not in word]
    words = [word for word in args if "=" not in word or "://" in word or word.startswith("/")]
    words = [word for word in words if word not in {"nocanon", "interpolate", "noquery"}]
    if prefix:
        words = [prefix, *words]
    if len(words) < 2:
        return None
    upgrade = next((word.partition("=")[2] for word in options if word.startswith("upgrade=")), "")
    is_pattern = directive.name == "proxypassmatch" or is_match
    passed = route_to(words[0], words[1], directive, is_pattern, upgrade)
    timeout = next((word.partition("=")[2] for word in options if word.startswith("timeout=")), "")
    if is_pattern and passed.scheme and "$" not in words[1]:
        # The whole path is appended then (mod_proxy.c, ap_proxy_trans_match).
        own = passed.backend_path if words[1].endswith(passed.backend_path) else ""
        passed = replace(passed, backend_path=f"{own}{REQUEST_PATH}")
    is_decided = True if is_pattern else None
    return replace(
        passed, idle_s=_seconds(timeout), for_pages=is_decided, for_websockets=is_decided
    )


def _seconds(text: str) -> float | None:
    """Return a number of seconds; None if it is written otherwise."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def route_to(
    path: str, target: str, directive: Directive, pattern: bool, upgrade: str = ""
) -> SiteRoute:
    """Return a route to a URL of mod_proxy; `upgrade` is that parameter of ProxyPass."""
    shown_target = clean(target, 500)
    file, line = directive.file, directive.line
    if target == "!":
        return SiteRoute(clean(path, 500), "!", "", pattern=pattern, file=file, line=line)
    socket, url = "", target
    if target.startswith("unix:"):
        socket, _, url = target[5:].partition("|")
    match = _URL.fullmatch(url)
    is_group = match is not None and match[4] == "$1"
    if match is None or (is_group and not takes_whole(path)):
        return SiteRoute(
            clean(path, 500),
            shown_target,
            "",
            socket=clean(socket, 300),
            pattern=pattern,
            file=file,
            line=line,
        )
    scheme = match[1].lower()
    port = int(match[3]) if match[3] and int(match[3]) < 65536 else _PORTS.get(scheme, 0)
    return SiteRoute(
        clean(path, 500),
        shown_target,
        scheme,
        "" if socket else match[2].strip("[]"),
        0 if socket else port,
        clean(socket, 300),
        REQUEST_PATH if is_group else match[4] or "/",
        _passes_websockets(scheme, upgrade),
        pattern,
        file=file,
        line=line,
    )


def takes_whole(pattern: str) -> bool:
    """Return whether the first group of a pattern is the whole path, with the slash at its
    beginning, wherever it matches."""
    match = _WHOLE.fullmatch(pattern)
    if match is None or match[1] in {".*", ".+"}:
        return match is not None
    return pattern.startswith("^") and pattern.endswith(("$", ".*)"))


def _passes_websockets(scheme: str, upgrade: str) -> bool | None:
    """Return whether mod_proxy passes the upgrade on: by the scheme (mod_proxy_wstunnel), or by
    the parameter `upgrade` (since 2.4.47). Balancers and other schemes are unknown."""
    if scheme in {"ws", "wss"}:
        return True
    if scheme in {"http", "https"}:
        return upgrade.strip("\"' ") in {"websocket", "any"}
    return None
