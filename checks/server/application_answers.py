"""The server in front refuses a WebSocket or the page, and the application itself accepts the same
request. So the server's own rules decide: an access rule, a changed header, a health check, a
protocol that the application does not speak.

The direct request is not the visitor's in everything (its address, its cookies), so this is likely
and not certain. A 403, 404 or 429 of a page may be meant: that is a note.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from checks.server import (
    ServerView,
    file_rows,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import (
    refused_websockets,
    route_to_application,
    visit_of,
)
from checks.server._changed_fields import changed_field, without_line
from checks.server._haproxy import haproxy_view
from checks.server._protocol_edits import spoken_http2
from checks.server._rules import decisive_rule
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import Product, SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.web_sites import inner_path

#: Statuses of a page that an administrator may want. A limit of the rate may be met by our own
#: requests (RFC 6585 section 4).
_MEANT = {401, 403, 404, 405, 407, 410, 429}

#: Bytes of a header that servers begin to refuse: Apache a field of 8190, HAProxy all fields of
#: 15 kB (tune.bufsize less tune.maxrewrite).
_LARGE_HEAD = 8000

#: The directives of each server that may refuse a request or change it.
_RULES: dict[Product, re.Pattern[str]] = {
    "apache": re.compile(
        r"\s*(Require|Deny|Allow|RewriteRule|RequestHeader|Header|SetEnvIf\w*|ErrorDocument"
        r"|Sec\w+|LimitRequest\w+)\s",
        re.IGNORECASE,
    ),
    "caddy": re.compile(
        r"\s*(respond|error|abort|basicauth|basic_auth|forward_auth|request_header|request_body"
        r"|header_up|health_\w+|fail_duration|max_fails|versions|uri|rewrite|method)\s"
    ),
    "traefik": re.compile(r"\s*-?\s*(rule|middlewares|passHostHeader|serversTransport)\s*[:=]"),
    "haproxy": re.compile(
        r"\s*((?:http|tcp)-request\s+(?!track|set-var|capture)[a-z-]{1,30}|http-check|option\s+httpchk"
        r"|reqrep|reqdel|block|errorfile|tune\.(?:bufsize|maxrewrite|http\.maxhdr))\s"
    ),
}

#: The directives of Apache's that let somebody in or not, and those of them that let everybody in.
_ACCESS = re.compile(r"\s*(Require|Deny|Allow)\s", re.IGNORECASE)
_FOR_ALL = re.compile(r"\s*(Require\s+all\s+granted|Allow\s+from\s+all)\s*$", re.IGNORECASE)
#: A field of the visitor's protocol: the direct request has it too, so that it decides nothing.
_SENT_TOO = re.compile(
    r"\s*RequestHeader\s+(?:early\s+)?set\s+[\"']?X-Forwarded-Proto[\"']?\s+[\"']?(?:https"
    r"|expr=%\{REQUEST_SCHEME\}|%\{REQUEST_SCHEME\}s)[\"']?(?:\s|$)",
    re.IGNORECASE,
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "server.own-answer",
        "http.server-error",
        "http.host-refused",
        "websocket.not-upgraded",
        "websocket.unauthorized",
        "websocket.inner-proxy",
        "websocket.redirected",
    ],
    stands_back=True,
)
def application_answers(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    pages = page_exchanges(evidence)
    is_refused = pages and all((page.status or 0) >= 400 for page in pages)
    requests = [Request(target.path, tuple(pages))] if is_refused else []
    requests += [
        Request(path, tuple(refused_websockets(evidence, path)), websocket=True)
        for path in dict.fromkeys(target.websockets)
    ]
    refusals = [
        refusal for request in requests if request.visits and (refusal := _refusal(view, request))
    ]
    groups: dict[tuple[str, int, int | None], list[Refusal]] = {}
    for refusal in refusals:
        # One line passes both on, and both get the same answer: that is one fault.
        key = refusal.route.file, refusal.route.line, refusal.request.visits[0].status
        groups.setdefault(key, []).append(refusal)
    for group in groups.values():
        yield _claim(view, group)


@frozen
class Request:
    """A page or WebSocket that visitors do not get, and what they got."""

    full_path: str
    visits: tuple[Exchange | Upgrade, ...]
    websocket: bool = False

    @property
    def path(self) -> str:
        return self.full_path.partition("?")[0]


@frozen
class Refusal:
    """A request that the application accepts, the route to it, and its answer."""

    request: Request
    route: SiteRoute
    visit: BackendVisit


def _refusal(view: ServerView, request: Request) -> Refusal | None:
    path, websocket, visits = request.path, request.websocket, request.visits
    route = route_to_application(view, path, websocket)
    if route is None or (websocket and any(visit.status == 429 for visit in visits)):
        return None
    visit = visit_of(view.evidence, route, path, inner_path(route, path), websocket)
    if visit is None or not visit.succeeded or _may_be_another(view, path, visits):
        return None
    if decisive_rule(view, path, websocket, visits[0].status):
        # server.rule-refuses names it.
        return None
    return Refusal(request, route, visit)


def _claim(view: ServerView, refusals: Sequence[Refusal]) -> Claim:
    first, port = refusals[0], view.evidence.target.port
    request, visit = first.request, first.visit
    status = request.visits[0].status
    changed = changed_field(view, first.route, request.path, request.websocket)
    is_error = request.websocket or (status or 500) >= 500
    spoken = spoken_http2(view, first.route, request.websocket) if is_error else None
    is_kept = bool(spoken and spoken.is_kept)
    edit = spoken.edit if spoken else without_line(view, changed) if changed else None
    changed = None if spoken else changed
    is_origin = changed is not None and changed.name.lower() == "origin" and request.websocket
    visits = tuple(visit for refusal in refusals for visit in refusal.request.visits)
    return Claim(
        about=Subject(port=port, path=request.path),
        covers=tuple(Subject(port=port, path=refusal.request.path) for refusal in refusals),
        because=(*(refusal.visit for refusal in refusals), view.server, *visits),
        facts={
            **view.facts,
            "path": request.path,
            "target": first.route.target,
            "place": place_text(first.route.file, first.route.line),
            "status": status or "",
            "direct_status": visit.status,
            "large_head": f"{visit.head_bytes // 1000} kB"
            if visit.head_bytes > _LARGE_HEAD and (status or 0) >= 500
            else "",
            "websocket": request.websocket,
            "rules": () if changed or spoken else tuple(islice(_rules(view, status), 8)),
            "protocol": spoken.words if spoken else "",
            "protocol_place": spoken.place if spoken else "",
            "kept_protocol": is_kept,
            "field": changed.name if changed else "",
            "line": changed.text if changed else "",
            "line_place": changed.place if changed else "",
            view.server.product: True,
        },
        confidence=Confidence.LIKELY,
        severity=_severity(visits, request.websocket),
        # It accepts the visitor's own Origin.
        ruled_out=("websocket.origin-refused",) if is_origin else (),
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "rules"),
    )


def _may_be_another(view: ServerView, path: str, visits: Sequence[Exchange | Upgrade]) -> bool:
    """Return whether an error may be that of another server of HAProxy's backend: the first alone
    was asked."""
    haproxy = haproxy_view(view.evidence, path)
    backend = haproxy.proxies.backend if haproxy else None
    servers = [server for server in servers_of(backend) if not server.disabled] if backend else []
    return len(servers) > 1 and any((visit.status or 500) >= 500 for visit in visits)


def _severity(visits: Sequence[Exchange | Upgrade], websocket: bool) -> Severity | None:
    if not all(visit.status in _MEANT for visit in visits):
        return None
    return Severity.WARNING if websocket else Severity.NOTE


def _rules(view: ServerView, status: int | None) -> Iterator[str]:
    """Return the directives that may decide, each with its place: those of the sites that answer,
    of HAProxy and Caddy all. Apache's rules of access give 401 and 403 alone, and nothing where
    they let everybody in."""
    pattern, config = _RULES[view.server.product], view.config
    sites = [site for site in view.answering_sites if site.end and view.server.product == "apache"]
    for file in config.files if config else ():
        for number, line in enumerate(file_rows(view, file), 1):
            match = pattern.match(f"{line} ")
            is_inside = not sites or any(
                site.file == file.path and site.line <= number <= site.end for site in sites
            )
            is_access = view.server.product == "apache" and _ACCESS.match(f"{line} ")
            may_decide = not is_access or (status in {401, 403} and not _FOR_ALL.match(line))
            is_sent_too = view.server.product == "apache" and _SENT_TOO.match(line)
            if match and is_inside and may_decide and not is_sent_too:
                yield f"{' '.join(match[1].split())} ({place_text(file.path, number)})"
