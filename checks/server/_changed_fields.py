"""The lines by which Apache, Caddy or HAProxy changes a field of a request before the application
gets it, other than those that tell it of the visitor (X-Forwarded-For)."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import route_to_application, visit_of
from checks.server._haproxy import haproxy_view
from checks.server._visitor_fields import caddy_lines
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.web_sites import inner_path

#: Fields that tell the application of the visitor, and those whose lines have checks of their own.
_TOLD = re.compile(r"x-forwarded-.*|x-real-ip|x-request-.*|forwarded|via|host|connection|upgrade")

#: Those of the upgrade: of Caddy and HAProxy in server.websocket-not-passed.
_UPGRADE = re.compile(r"(?i)connection|upgrade")

#: Fields of this run's requests, so that their loss is seen.
_SENT = re.compile(r"origin|sec-websocket-.*|user-agent|accept")

#: A field that neither this run's requests nor the handshakes of browsers have: there is nothing to
#: edit.
_ABSENT = re.compile(r"(?i)referer")

_APACHE = re.compile(
    r"(?i)\s*RequestHeader\s+(?P<action>set|unset|edit\*?|append|merge|add)\s+\"?(?P<name>[\w-]+)\"?"
    r"(?P<rest>(?:\s.*)?)"
)
_CADDY = re.compile(
    r"\s*(?:header_up|request_header)\s+(?P<mark>[+>?-]?)(?P<name>[\w-]+)(?P<rest>(?:\s.*)?)"
)


@frozen
class ChangedField:
    """A field that a line sets or removes, and its place."""

    name: str
    text: str
    file: str
    number: int

    @property
    def place(self) -> str:
        return place_text(self.file, self.number)


def changed_field(
    view: ServerView, route: SiteRoute, path: str, websocket: bool = False
) -> ChangedField | None:
    """Return the only line that changes a field of each request for a path, other than those that
    tell of the visitor; None if there are more, or none. A WebSocket needs those of the upgrade."""
    fields = list(dict.fromkeys(_fields(view, route, path, websocket)))
    return fields[0] if len(fields) == 1 else None


@frozen(eq=False)
class ChangedLine:
    """The line that replaces the Origin or the Host of a WebSocket, its place, and the fix if the
    file is known."""

    text: str
    place: str
    fix: Fix | None = None


def changed_origin(evidence: Evidence, path: str) -> ChangedLine | None:
    """Return the line that replaces the Origin of a WebSocket whose application, asked directly,
    accepts the visitor's; None if there is none."""
    view, own = server_on_port(evidence), path.partition("?")[0]
    route = route_to_application(view, own, True) if view else None
    visit = visit_of(evidence, route, own, inner_path(route, own), True) if route else None
    if view is None or route is None or visit is None or not visit.accepted:
        return None
    field = changed_field(view, route, own)
    if field is None or field.name.lower() != "origin":
        return None
    edit = without_line(view, field)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return ChangedLine(field.text, field.place, fix)


#: Caddy's placeholders for the visitor's host without its port.
_BARE_HOST = re.compile(r"[\s\"]*\{(?:http\.request\.)?host\}[\s\"]*")


def host_without_port(evidence: Evidence, path: str) -> ChangedLine | None:
    """Return Caddy's line that sends the visitor's host without the port."""
    view, own = server_on_port(evidence), path.partition("?")[0]
    route = route_to_application(view, own, True) if view else None
    if view is None or route is None or view.server.product != "caddy":
        return None
    for number, text in caddy_lines(view, route):
        match = _CADDY.fullmatch(text)
        if match and match["name"].lower() == "host" and _BARE_HOST.fullmatch(match["rest"]):
            field = ChangedField(match["name"], " ".join(text.split()), route.file, number)
            edit = without_line(view, field)
            fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
            return ChangedLine(field.text, field.place, fix)
    return None


def without_line(view: ServerView, field: ChangedField) -> Edit | None:
    """Return the edit that turns the line into a comment."""
    text = line_text(view, field.file, field.number)
    indent = indentation(text)
    comment = f"{indent}# {text.lstrip()}"
    return line_edit(view, field.file, {field.number: (comment,)}) if text.strip() else None


def _fields(
    view: ServerView, route: SiteRoute, path: str, websocket: bool
) -> Iterator[ChangedField]:
    match view.server.product:
        case "haproxy":
            yield from _of_haproxy(view, path)
        case "caddy":
            for number, text in caddy_lines(view, route):
                match = _CADDY.fullmatch(text)
                if match and _is_suspect(match["name"], match["mark"] == "-"):
                    yield ChangedField(match["name"], " ".join(text.split()), route.file, number)
        case "apache":
            for site in view.answering_sites:
                for line in lines_for(view, site, path):
                    match = _APACHE.fullmatch(line.text)
                    if match is None or re.search(r"\b(?:env|expr)=", match["rest"]):
                        continue
                    is_edit = match["action"].lower().startswith("edit")
                    if is_edit and _ABSENT.fullmatch(match["name"]):
                        continue
                    is_lost = websocket and _UPGRADE.fullmatch(match["name"])
                    if is_lost or _is_suspect(match["name"], match["action"].lower() == "unset"):
                        text = " ".join(line.text.split())
                        yield ChangedField(match["name"], text, site.file, line.number)


def _of_haproxy(view: ServerView, path: str) -> Iterator[ChangedField]:
    haproxy = haproxy_view(view.evidence, path)
    proxies = haproxy.proxies if haproxy else None
    for proxy in (proxies.frontend, proxies.backend) if proxies else ():
        for line in proxy.own("http-request") if proxy else ():
            action, name = (*line.words[1:3], "", "")[:2]
            is_always = not {"if", "unless"} & set(line.words)
            is_deleted = action == "del-header"
            is_change = is_deleted or action in {"set-header", "replace-header", "replace-value"}
            if is_change and is_always and name and _is_suspect(name, is_deleted):
                yield ChangedField(name, " ".join(line.words), line.file, line.number)


def _is_suspect(name: str, is_deleted: bool) -> bool:
    lower = name.lower()
    return not _TOLD.fullmatch(lower) and (not is_deleted or bool(_SENT.fullmatch(lower)))
