"""What each server on the way from the visitors' entrance to the program makes of a field that says
how visitors came (X-Forwarded-Proto), and the line that does so.

nginx and Apache pass on what no line of theirs sets, HAProxy too. Caddy and Traefik replace the
field unless they trust the sender (Caddy's documentation, "trusted_proxies"; Traefik's, "Forwarded
Headers").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import Nginx
from checks.server import ServerView, line_text, place_text
from checks.server._caddy_trust import TRUSTED
from checks.server._scheme_lines import scheme_place
from checks.server._traefik_points import believes_senders, entry_point_place, writes_field
from checks.server._visitor_fields import SCHEME, caddy_fields
from diagnose.model import Evidence, Target
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ContainerNginx, Directive
from diagnose.model.server import Listeners
from diagnose.model.web_servers import TITLES, WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import field_rules_of, holds
from diagnose.parsers.haproxy.view import parsed, situation_of, target_proxies
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_hops import Hop, Servers, hops, nginx_value, plain_entrance

_CADDY_FIELD = re.compile(r"\{(?:header\.|http\.request\.header\.)X-Forwarded-Proto\}", re.I)
#: What Apache writes for the scheme of the connection to it.
_APACHE_OWN = {"expr=%{REQUEST_SCHEME}", "%{REQUEST_SCHEME}e", "%{REQUEST_SCHEME}s"}
#: The conditions that spare a request which has the field.
_SPARES = tuple(
    f"{word}{{ {fetch}(x-forwarded-proto) -m found }}"
    for word in ("unless ", "if !", "if ! ")
    for fetch in ("hdr", "req.hdr", "req.fhdr")
)
_HAPROXY_OWN = "%[ssl_fc,iif(https,http)]"


@frozen(eq=False)
class Line:
    """A line of a configuration; `number` is 0 for what a server does without one."""

    file: str = ""
    number: int = 0
    text: str = ""

    @property
    def place(self) -> str:
        return place_text(self.file, self.number)


@frozen(eq=False)
class Passed:
    """A server on the way with what it gets and what it passes on of a field; None for a value that
    cannot be known. `lines` are those that decide it, the last one last, and `directive` is
    nginx's. `asked_at` is the host at which the server before asks it, "" for the first one."""

    hop: Hop
    received: str | None
    value: str | None
    lines: tuple[Line, ...] = ()
    directive: Directive | None = None
    asked_at: str = ""

    @property
    def line(self) -> Line:
        return self.lines[-1] if self.lines else Line()

    @property
    def title(self) -> str:
        return next((title for name, title in TITLES.items() if name == self.hop.product), "nginx")


def nginx_locations(evidence: Evidence, path: str) -> Iterator[LocationMatch]:
    """Yield the locations of this machine's nginx that a request for a path passes, from the
    entrance on: the visitors' port, or, where nothing here has it, the one that another machine
    asks over http."""
    servers = Servers.of(evidence.good)
    target: Target | None = replace(evidence.target, path=path)
    listeners = evidence.good(Listeners)
    is_held = any(listener.on(evidence.target.port) for listener in listeners)
    if listeners and not is_held and evidence.target.uses_tls:
        target = plain_entrance(servers, replace(evidence.target, path=path))
    for hop in hops(servers, _as_page(target)) if target else ():
        if hop.match is not None and not hop.container:
            yield hop.match


def _as_page(target: Target) -> Target:
    """Return the target with the scheme of a page: a WebSocket's handshake is one request."""
    return replace(target, scheme="https" if target.uses_tls else "http")


def hops_to(evidence: Evidence, target: Target) -> tuple[Hop, ...]:
    """Return the servers of this machine that a request for the target passes."""
    return hops(Servers.of(evidence.good), target)


def scheme_losses(
    evidence: Evidence, hop_list: Sequence[Hop], is_elsewhere: bool
) -> tuple[Passed, ...] | None:
    """Return the servers that do not tell the next one that visitors use https, though they may
    know it: the first one ends TLS itself, or another machine (`is_elsewhere`) tells it so, as each
    server tells the next. None where a value is not known."""
    before = ("", *(hop.host for hop in hop_list))
    steps = [
        replace(_passed(evidence, hop, "https" if number or is_elsewhere else ""), asked_at=host)
        for number, (hop, host) in enumerate(zip(hop_list, before, strict=False))
    ]
    if any(step.value is None for step in steps):
        return None
    return tuple(step for step in steps if step.value != "https")


def server_of(evidence: Evidence, hop: Hop) -> ServerView | None:
    """Return the view of a server other than nginx for the request that it gets."""
    config = next((c for c in evidence.good(WebServerConfig) if c.product == hop.product), None)
    server = next((s for s in evidence.good(WebServer) if s.product == hop.product), None)
    if config is None or server is None:
        return None
    return ServerView(replace(evidence, target=hop.target), server, config, None)


def _passed(evidence: Evidence, hop: Hop, received: str) -> Passed:
    if hop.passes_tls_on:
        return Passed(hop, received, received)
    match hop.product:
        case "nginx":
            return _by_nginx(hop, received)
        case "apache":
            return _by_apache(evidence, hop, received)
        case "haproxy":
            return _by_haproxy(evidence, hop, received)
        case "caddy":
            return _by_caddy(evidence, hop, received)
        case "traefik":
            return _by_traefik(evidence, hop, received)
    return Passed(hop, received, None)


def _by_nginx(hop: Hop, received: str) -> Passed:
    value, directive = nginx_value(hop, SCHEME, received)
    if directive is None:
        return Passed(hop, received, value)
    text = directive.text
    line = Line(directive.file, directive.line, clean(text, 200))
    return Passed(hop, received, value, (line,), directive)


def _own_scheme(hop: Hop) -> str:
    return "https" if hop.target.uses_tls else "http"


def _by_apache(evidence: Evidence, hop: Hop, received: str) -> Passed:
    view = server_of(evidence, hop)
    file, number = scheme_place(view, hop.route) if view and hop.route else ("", 0)
    if view is None or not file:
        return Passed(hop, received, received)
    text = line_text(view, file, number).strip()
    line = Line(file, number, clean(text, 200))
    words = [word.strip("\"'") for word in text.split()]
    words = [word for word in words if word.lower() != "early"]
    if len(words) < 3 or words[0].lower() != "requestheader" or "_" in words[2]:
        return Passed(hop, received, received, (line,))
    action, value, condition = words[1].lower(), " ".join(words[3:4]), words[4:]
    value = _own_scheme(hop) if value in _APACHE_OWN else value.lower()
    known: str | None = None
    if condition in ([], ["env=HTTPS"]):
        applies = not condition or hop.target.uses_tls
        is_kept = not applies or (action == "setifempty" and bool(received))
        known = received if is_kept else "" if action == "unset" else value
        if applies and action not in {"set", "setifempty", "unset"}:
            known = f"{received}, {value}" if received else value
    return Passed(hop, received, known, (line,))


def _by_haproxy(evidence: Evidence, hop: Hop, received: str) -> Passed:
    config = next((c for c in evidence.good(WebServerConfig) if c.product == "haproxy"), None)
    proxies = target_proxies(parsed(config), hop.target) if config else None
    if proxies is None or proxies.backend is None:
        return Passed(hop, received, None)
    value: str | None = received
    lines: list[Line] = []
    for proxy in (proxies.frontend, proxies.backend):
        rules = field_rules_of(proxy, SCHEME)
        situation = situation_of(rules, hop.target, proxies.tls)
        for rule in rules:
            words = rule.line.words
            is_asked = any("x-forwarded-proto" in word.lower() for word in words[3:])
            is_true = holds(rule, situation, hop.path)
            if is_asked:
                spares = " ".join(words).lower().endswith(_SPARES)
                is_true = not value if spares else None
            if is_true is False:
                continue
            lines.append(Line(rule.line.file, rule.line.number, clean(" ".join(words), 200)))
            value = _haproxy_value(hop, words, value) if is_true else None
            if value is None:
                return Passed(hop, received, None, tuple(lines))
    return Passed(hop, received, value, tuple(lines))


def _haproxy_value(hop: Hop, words: Sequence[str], value: str | None) -> str | None:
    said = "".join(words[3:4])
    said = _own_scheme(hop) if said == _HAPROXY_OWN else said.lower()
    if words[1] == "del-header":
        return ""
    if words[1] == "replace-header" or "%" in said:
        return None
    return f"{value}, {said}" if words[1] == "add-header" and value else said


def _by_caddy(evidence: Evidence, hop: Hop, received: str) -> Passed:
    view = server_of(evidence, hop)
    if view is None or hop.route is None or view.config is None:
        return Passed(hop, received, None)
    for number, name, value in caddy_fields(view, hop.route):
        if name.lower() == SCHEME:
            line = Line(hop.route.file, number, clean(f"header_up {name} {value}", 200))
            is_kept = _CADDY_FIELD.fullmatch(value) is not None
            own = _own_scheme(hop) if value == "{scheme}" else value.lower()
            known = received if is_kept else None if "{" in own else own
            return Passed(hop, received, known, (line,))
    if any(TRUSTED.search(file.text) for file in view.config.files):
        return Passed(hop, received, received)
    text = line_text(view, hop.route.file, hop.route.line)
    line = Line(hop.route.file, hop.route.line, clean(text.strip(), 200))
    return Passed(hop, received, _own_scheme(hop), (line,))


def _by_traefik(evidence: Evidence, hop: Hop, received: str) -> Passed:
    view = server_of(evidence, hop)
    if view is None or writes_field(view, SCHEME):
        return Passed(hop, received, None)
    if hop.target.uses_tls:
        return Passed(hop, received, _own_scheme(hop))
    if believes_senders(view):
        return Passed(hop, received, received)
    file, number = entry_point_place(view, hop.target.port)
    text = line_text(view, file, number).strip() if number else ""
    return Passed(hop, received, _own_scheme(hop), (Line(file, number, clean(text, 200)),))


def container_of(evidence: Evidence, hop: Hop) -> ContainerNginx | None:
    """Return the nginx in a container at this place of the way."""
    behind = evidence.good(ContainerNginx)
    return next(
        (each for each in behind if hop.container and each.container == hop.container), None
    )


def nginx_of(evidence: Evidence, hop: Hop) -> Nginx:
    """Return nginx as the request at this place of the way finds it."""
    return Nginx.of(replace(evidence, target=hop.target))
