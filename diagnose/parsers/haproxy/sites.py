"""Makes the sites of HAProxy's frontends (diagnose.model.web_servers). No I/O.

A frontend is several sites: on plain sockets and on those with TLS, where other rules apply, and in
each for every name that its rules mention. The site of all other names comes first: it is the
default of its sockets.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import (
    PathChange,
    SiteFile,
    SiteRedirect,
    SiteRoute,
    SiteSocket,
    Verification,
    WebSite,
)
from diagnose.parsers.haproxy.addresses import BackendServer, followed, servers_of, sockets_of
from diagnose.parsers.haproxy.conditions import (
    Match,
    Rule,
    Situation,
    host_patterns,
    match_of,
    path_rules_of,
    rules_of,
)
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy
from diagnose.parsers.haproxy.host_field import fixed_host
from diagnose.parsers.haproxy.path_changes import path_changes
from diagnose.parsers.sanitize import clean

#: Number of sites after which no further frontend is read.
MAX_SITES = 1000

#: Endings of files in a certificate folder that are no certificates (bind, "crt").
COMPANIONS = (".key", ".ocsp", ".sctl", ".issuer", ".dh")

#: Header fields without which a WebSocket handshake fails (RFC 6455 section 4.1).
#: What the fields of a handshake must have (RFC 6455 section 4.1).
_TOKENS = {"upgrade": "websocket", "connection": "upgrade"}
_UPGRADE_FIELDS = {"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}

#: The certificate files that a `crt` or `crt-list` leads to, by its path.
CertificateFiles = Mapping[str, tuple[str, ...]]


@frozen
class _Part:
    """Sockets of a frontend for which the same rules are true."""

    proxy: Proxy
    sockets: tuple[SiteSocket, ...]
    files: tuple[SiteFile, ...]
    tls: bool
    port: int


@frozen
class Selection:
    """A backend that a frontend may choose, and for which requests; `rule` is the rule that does
    so, None for the default."""

    backend: str
    match: Match
    line: Line
    rule: Rule | None = None


def certificate_paths(config: Configuration) -> tuple[tuple[str, str], ...]:
    """Return the certificate words of all "bind" lines: ("crt" or "crt-list", path)."""
    return tuple(
        dict.fromkeys(
            (option, _resolve(config, path) if option == "crt" else path)
            for proxy in config.frontends
            for line in proxy.own("bind")
            for option, path in _certificate_words(line)
        )
    )


def sites_of(config: Configuration, resolved: CertificateFiles) -> tuple[WebSite, ...]:
    """Return the sites of all frontends; `resolved` are the files of folders and lists."""
    sites: list[WebSite] = []
    backends = {
        backend.name: backend
        for backend in reversed(config.proxies)
        if backend.section.kind != "frontend"
    }
    for proxy in config.frontends[:MAX_SITES]:
        rules = rules_of(proxy)
        targets = _Targets(config, backends, proxy)
        for part in _parts(config, proxy, resolved):
            if len(sites) < MAX_SITES:
                names = ("", *host_patterns(rules))
                sites += [_site(targets, part, rules, name) for name in names]
    return tuple(sites)


def listens_of(config: Configuration) -> tuple[SiteSocket, ...]:
    """Return the sockets that HAProxy opens."""
    return tuple(socket for proxy in config.frontends for socket, _ in sockets_of(proxy))


def selections(proxy: Proxy, rules: tuple[Rule, ...], situation: Situation) -> Iterator[Selection]:
    """Return the backends of a frontend in the order in which HAProxy tries them."""
    default = proxy.setting("default_backend")
    for rule in rules:
        chooses = rule.line.keyword == "use_backend" and len(rule.line.words) > 1
        match = match_of(rule, situation) if chooses else None
        if match is not None and not rule.leaves:
            yield Selection(rule.backend, match, rule.line, rule)
        elif match == Match():
            break  # no backend has the name that came out: no further rule is tried
        elif match is not None:
            name = default.after("default_backend") if default else ""
            yield Selection(name, match, rule.line, rule)
    if default is not None and len(default.words) > 1:
        yield Selection(default.words[1], Match(), default)
    elif proxy.section.kind == "listen":
        place = next(iter(proxy.own("server")), None)
        if place is not None:
            yield Selection(proxy.name, Match(), place)


def _parts(config: Configuration, proxy: Proxy, resolved: CertificateFiles) -> Iterator[_Part]:
    pairs = sockets_of(proxy)
    for tls, port in dict.fromkeys((socket.tls, socket.port) for socket, _ in pairs):
        chosen = [(s, line) for s, line in pairs if (s.tls, s.port) == (tls, port)]
        lines = dict.fromkeys(line for _, line in chosen)
        files = [file for line in lines for file in _files(config, line, resolved)] if tls else []
        yield _Part(proxy, tuple(s for s, _ in chosen), tuple(dict.fromkeys(files)), tls, port)


def _site(targets: "_Targets", part: _Part, rules: tuple[Rule, ...], name: str) -> WebSite:
    situation = Situation(name, part.tls, part.port)
    section = part.proxy.section
    return WebSite(
        names=(clean(name, 255),) if name else (),
        sockets=part.sockets,
        files=part.files,
        routes=tuple(_routes(targets, part.proxy, rules, situation)),
        redirects=tuple(_redirects(rules, situation)) if part.proxy.mode == "http" else (),
        changes=path_changes(targets.rules, situation),
        file=section.file,
        line=section.line,
        end=section.end,
        passthrough=part.proxy.mode == "tcp" and not part.tls,
    )


def _files(config: Configuration, line: Line, resolved: CertificateFiles) -> Iterator[SiteFile]:
    """Return the certificate files of a "bind" line. A key may lie beside its certificate in a file
    of the same name with ".key" behind it."""
    for option, word in _certificate_words(line):
        path = _resolve(config, word) if option == "crt" else word
        for file in resolved.get(path, (path,) if option == "crt" else ()):
            key = resolved.get(f"{file}.key")
            yield SiteFile("certificate" if key else "bundle", file, line.file, line.number)
            if key:
                yield SiteFile("key", key[0], line.file, line.number)


def _certificate_words(line: Line) -> Iterator[tuple[str, str]]:
    for option, value in zip(line.words, line.words[1:], strict=False):
        if option in {"crt", "crt-list"}:
            yield option, value


def _resolve(config: Configuration, path: str) -> str:
    """Return the path of a certificate: relative ones begin at "crt-base"."""
    base = next((line.words[1] for line in config.global_lines("crt-base") if line.words[1:]), "")
    return posixpath.join(base, path)


class _Targets:
    """The routes to the backends of a frontend; each backend is read once."""

    def __init__(self, config: Configuration, backends: Mapping[str, Proxy], proxy: Proxy) -> None:
        self._config, self._backends = config, backends
        self._proxy, self._known = proxy, dict[str, SiteRoute | None]()
        self._drops = any(drops_upgrade(proxy))
        self.rules = path_rules_of(proxy) if proxy.mode == "http" else ()
        self._path_rules = dict[str, tuple[Rule, ...]]()

    def changes(self, name: str, situation: Situation) -> tuple[PathChange, ...]:
        """Return what a backend makes of a path. A listen section does so as a frontend."""
        if name not in self._path_rules:
            backend = self._backends.get(name)
            is_own = backend is None or backend.section == self._proxy.section
            self._path_rules[name] = () if backend is None or is_own else path_rules_of(backend)
        return path_changes(self._path_rules[name], situation)

    def route(self, name: str) -> SiteRoute | None:
        """Return the route of every path to a backend, None if it has no server."""
        if name not in self._known:
            backend = followed(self._config, self._backends.get(name))
            server = first_server(backend) if backend else None
            self._known[name] = (
                _route(self._proxy, backend, server, self._drops) if backend and server else None
            )
        return self._known[name]


def _routes(
    targets: _Targets, proxy: Proxy, rules: tuple[Rule, ...], situation: Situation
) -> Iterator[SiteRoute]:
    for selection in selections(proxy, rules, situation):
        route = targets.route(selection.backend)
        if route is None:
            continue
        match, changes = selection.match, targets.changes(selection.backend, situation)
        for path in match.prefixes[:50]:
            yield replace(_of_prefix(route, match, clean(path, 500)), changes=changes)


def _of_prefix(route: SiteRoute, match: Match, path: str) -> SiteRoute:
    """Return a route for one value of a rule. Where more than the path decides, it is a regular
    expression, and it may be known that it is for WebSockets alone."""
    if not match.conditional and not match.websocket:
        return replace(
            route, path=path, backend_path=path, exact=match.exact, literal=not match.exact
        )
    is_known = match.websocket and not match.conditional
    return replace(
        route,
        path=f"^{re.escape(path)}{'$' if match.exact else '.*'}",
        backend_path="$0",
        pattern=True,
        for_pages=False if is_known else None,
        for_websockets=True if is_known else None,
    )


def first_server(backend: Proxy) -> BackendServer | None:
    """Return the first server of a backend that takes part in its balance."""
    usable = [server for server in servers_of(backend) if not server.disabled]
    active = [server for server in usable if not server.backup]
    return next(iter(active or usable), None)


def route_to(
    proxy: Proxy, backend: Proxy, server: BackendServer, changes: tuple[PathChange, ...]
) -> SiteRoute:
    """Return the route of every path from a frontend to a server of a backend, which makes
    `changes` to the path."""
    return replace(_route(proxy, backend, server, any(drops_upgrade(proxy))), changes=changes)


def _route(proxy: Proxy, backend: Proxy, server: BackendServer, drops: bool) -> SiteRoute:
    is_http = "http" in {proxy.mode, backend.mode}
    scheme = ("https" if server.tls else "http") if is_http else "tcp"
    host = fixed_host([*proxy.lines, *backend.lines])
    return SiteRoute(
        "/",
        f"{scheme}://{clean(server.address, 300)}",
        scheme=scheme,
        host=clean(server.host, 255),
        port=server.port,
        socket=clean(server.socket, 300) if server.socket.startswith("/") else "",
        websocket=not drops and not any(drops_upgrade(backend)),
        file=server.line.file,
        line=server.line.number,
        verify=_verification(server) if server.tls else "",
        server_name=_wanted_name(server),
        authorities=clean(server.authorities, 300),
        keeps_host=not host,
        sent_host=clean(host, 255),
    )


def _verification(server: BackendServer) -> Verification:
    """Return what HAProxy verifies: "verify none" nothing, and a name only where one is given."""
    return "none" if not server.verify else "all" if _wanted_name(server) else "chain"


def _wanted_name(server: BackendServer) -> str:
    """Return the name that the certificate has to have: that of "sni str(NAME)", or without any
    `sni` that of `verifyhost`; "" if there is none, or if a request decides."""
    match = re.fullmatch(r"str\(([\w.-]{1,255})\)", server.sni)
    return match[1] if match else "" if server.sni else clean(server.verified_name, 255)


def drops_upgrade(*proxies: Proxy) -> Iterator[Line]:
    """Return the lines without a condition that remove the header fields of a WebSocket handshake,
    or set them to a value that is none. HAProxy passes an upgrade on by itself (section 1.3.1)."""
    for proxy in proxies:
        lines = (
            line
            for section in (*proxy.defaults, proxy.section)
            for line in section.lines_with("http-request")
        )
        for line in lines:
            action, field = (*line.words[1:3], "", "")[:2]
            is_deleted = action == "del-header" and len(line.words) == 3
            if is_deleted and field.lower() in _UPGRADE_FIELDS:
                yield line
            elif action == "set-header" and len(line.words) == 4:
                token, value = _TOKENS.get(field.lower()), line.words[3].lower()
                # An expression may have the token.
                if token and token not in value and "%" not in value and not line.variable:
                    yield line


def _redirects(rules: tuple[Rule, ...], situation: Situation) -> Iterator[SiteRedirect]:
    for rule in rules:
        line = rule.line
        words = line.words[1:] if line.words[:2] == ("http-request", "redirect") else line.words
        kind, target = _redirect_target(words)
        match = match_of(rule, situation) if kind else None
        if match is None:
            continue
        for path in match.prefixes[:50]:
            yield SiteRedirect(
                clean(path, 500),
                clean(_TARGETS[kind].format(target), 1000),
                conditional=match.conditional or match.websocket,
                file=line.file,
                line=line.number,
                exact=match.exact,
            )


def _redirect_target(words: tuple[str, ...]) -> tuple[str, str]:
    """Return the kind of a redirect and what it leads to, ("", "") for another line: options such
    as "code 301" may stand before them."""
    if words[:1] != ("redirect",):
        return "", ""
    for word, behind in pairwise(words[1:]):
        if word in _TARGETS:
            return word, behind
        if word in {"if", "unless"}:
            break
    return "", ""


#: The kinds of redirects (section 4.4, "redirect"), with the URL that they make.
_TARGETS = {
    "scheme": "{}://%[hdr(host)]%[capture.req.uri]",
    "prefix": "{}%[capture.req.uri]",
    "location": "{}",
}
