"""The lines by which a server other than nginx tells the application how visitors come: the scheme
(X-Forwarded-Proto), the port (X-Forwarded-Port) and the Host, and the edits that write them. Each
product has its own."""

import re
from collections.abc import Callable, Iterator, Mapping

from checks.server import ServerView, file_rows, indentation, line_edit, line_text, reload_steps
from checks.server._apache_modules import loading_steps
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import route_to_application
from checks.server._scheme_lines import scheme_place
from diagnose.model import Applicability, Fix, Step
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import Product, SiteRoute
from diagnose.parsers.web_sites import is_within

SCHEME, HOST, PORT = "x-forwarded-proto", "host", "x-forwarded-port"

#: The lines that replace a line of a file, by its path and number.
Changes = dict[str, dict[int, tuple[str, ...]]]

_KEEPS_HOST = re.compile(r"(?i)\s*ProxyPreserveHost\s")
_APACHE_LINES = {
    SCHEME: "RequestHeader set X-Forwarded-Proto https",
    HOST: "ProxyPreserveHost On",
    PORT: 'RequestHeader set X-Forwarded-Port "expr=%{SERVER_PORT}"',
}
_HAPROXY_PORT = "http-request set-header X-Forwarded-Port %[dst_port]"
_HAPROXY_SCHEME = "http-request set-header X-Forwarded-Proto https if { ssl_fc }"
_CADDY_LINE = re.compile(
    r"(?i)\s*(?:header_up|request_header)\s+[+>?]?([\w-]{1,100})\s+(\S{1,500})\s*"
)
_CADDY_REMOVAL = re.compile(r"(?i)\s*(?:header_up|request_header)\s+-([\w-]{1,100})\s*")


@frozen(eq=False)
class Told:
    """The application of a path, and what it is to be told: `scheme`, `host`, or both."""

    view: ServerView
    route: SiteRoute
    path: str
    fields: tuple[str, ...]


def visitor_fix(
    view: ServerView, path: str, *fields: str, websocket: bool = False
) -> Fix | None:  # fmt: skip
    """Return the fix after which the application of a path gets these fields as visitors have them;
    None if it gets them already, or if it takes a person. What it makes of them is its own setting:
    a person looks at it."""
    route = route_to_application(view, path, websocket)
    write = _WRITERS.get(view.server.product)
    if route is None or write is None or route.scheme not in {"http", "https", "ws", "wss"}:
        return None
    # An application that speaks TLS itself knows that visitors use https.
    needed = {SCHEME: route.scheme in {"http", "ws"}, HOST: not route.keeps_host, PORT: True}
    own_fields = tuple(name for name in fields if needed[name])
    changes: Changes = {}
    if not own_fields or not write(Told(view, route, path.partition("?")[0], own_fields), changes):
        return None
    edits = [line_edit(view, file, lines) for file, lines in changes.items()]
    if not edits or None in edits:
        return None
    steps: tuple[Step, ...] = tuple(edit for edit in edits if edit)
    if view.server.product == "apache" and not {SCHEME, PORT}.isdisjoint(own_fields):
        module = loading_steps(view, ("headers",))
        if module is None:
            return None
        steps = (*module, *steps)
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)


def _write_apache(field: Told, changes: Changes) -> bool:
    """Write the fields in the place of the lines that say something else, or above the line that
    passes requests on."""
    view, route = field.view, field.route
    line = line_text(view, route.file, route.line)
    if not line.strip():
        return False
    added = []
    for name in field.fields:
        if name == PORT and _has_port_line(view, route.file):
            return False
        file, number = _PLACES[name](view, route)
        if file:
            own = line_text(view, file, number)
            changes.setdefault(file, {})[number] = (f"{indentation(own)}{_APACHE_LINES[name]}",)
        else:
            added.append(f"{indentation(line)}{_APACHE_LINES[name]}")
    if added:
        changes.setdefault(route.file, {})[route.line] = (*added, line)
    return True


def _host_place(view: ServerView, route: SiteRoute) -> tuple[str, int]:
    """Return the line of the virtual host that says whether the Host is kept; "" and 0 if there is
    none."""
    path = view.evidence.target.path_without_query
    for site in view.answering_sites:
        if is_within(site, route):
            lines = [line for line in lines_for(view, site, path) if _KEEPS_HOST.match(line.text)]
            return (site.file, max(lines).number) if lines else ("", 0)
    return "", 0


def _no_place(view: ServerView, route: SiteRoute) -> tuple[str, int]:
    return "", 0


_PLACES: Mapping[str, Callable[[ServerView, SiteRoute], tuple[str, int]]] = {
    SCHEME: scheme_place, HOST: _host_place, PORT: _no_place,
}  # fmt: skip


def _has_port_line(view: ServerView, path: str) -> bool:
    """Return whether a line of the file says something of the port already: that is a person's."""
    file = view.config.file(path) if view.config else None
    rows = file_rows(view, file) if file else ()
    return any(PORT in row.lower() for row in rows)


def _write_haproxy(field: Told, changes: Changes) -> bool:
    """Send the scheme of requests that came over TLS; turn the lines that replace the Host into
    comments. A line that says something of the scheme already is a person's."""
    # Imported late: only a finding needs them.
    from checks.server._haproxy import haproxy_view
    from checks.server._haproxy_scheme import scheme_line

    haproxy = haproxy_view(field.view.evidence, field.path)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return False
    if SCHEME in field.fields:
        bind = haproxy.proxies.bind
        own = line_text(field.view, bind.file, bind.number)
        if scheme_line(field.view, field.path) or not haproxy.proxies.tls or not own:
            return False
        changes.setdefault(bind.file, {})[bind.number] = (
            own,
            f"{indentation(own)}{_HAPROXY_SCHEME}",
        )
    if PORT in field.fields:
        bind = haproxy.proxies.bind
        own = line_text(field.view, bind.file, bind.number)
        if not own or _has_port_line(field.view, bind.file):
            return False
        lines = changes.setdefault(bind.file, {})
        added = f"{indentation(own)}{_HAPROXY_PORT}"
        lines[bind.number] = (*lines.get(bind.number, (own,)), added)
    if HOST in field.fields:
        backend = haproxy.proxies.backend
        for line in (*haproxy.proxies.frontend.lines, *(backend.lines if backend else ())):
            words = line.words
            is_header = words[:1] == ("http-request",) and "-header" in "".join(words[1:2])
            if is_header and "".join(words[2:3]).lower() == HOST:
                _comment(field.view, line.file, line.number, changes)
    return True


def _write_caddy(field: Told, changes: Changes) -> bool:
    """Turn the lines of the proxy that replace or remove a field into comments: Caddy sends the
    scheme and the Host itself, and no port."""
    if PORT in field.fields:
        return False
    for number, text in caddy_lines(field.view, field.route):
        match = _CADDY_LINE.fullmatch(text) or _CADDY_REMOVAL.fullmatch(text)
        if match and match[1].lower() in field.fields:
            _comment(field.view, field.route.file, number, changes)
    return bool(changes)


def caddy_fields(view: ServerView, route: SiteRoute) -> Iterator[tuple[int, str, str]]:
    """Yield the number, the field and its value of each line that sets one in a proxy's block."""
    for number, text in caddy_lines(view, route):
        if match := _CADDY_LINE.fullmatch(text):
            yield number, match[1], match[2].strip('"`')


def caddy_lines(view: ServerView, route: SiteRoute) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line in a proxy's block, without inner blocks."""
    file = view.config.file(route.file) if view.config else None
    depth = 0
    for number, text in enumerate(file_rows(view, file) if file else (), 1):
        if number < route.line:
            continue
        words = text.split()
        if depth == 1:
            yield number, text
        depth += (words[-1:] == ["{"]) - (words == ["}"])
        if depth < 1:
            return


def _comment(view: ServerView, file: str, number: int, changes: Changes) -> None:
    text = line_text(view, file, number)
    changes.setdefault(file, {})[number] = (f"{indentation(text)}# {text.lstrip()}",)


_WRITERS: Mapping[Product, Callable[[Told, Changes], bool]] = {
    "apache": _write_apache,
    "caddy": _write_caddy,
    "haproxy": _write_haproxy,
}
