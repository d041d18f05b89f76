"""The application answers the first request of a connection and not the second one, and the web
server in front keeps its connections: some requests of visitors fail, and a direct question never.

Measured: two requests on one connection, and the second again on a connection of its own, which is
the control (RFC 9112 section 9.3: a server that says HTTP/1.1 and not "Connection: close" takes the
next request). Or the application ends a connection that nobody uses earlier than the web server
("Keep-Alive: timeout=5", as Node.js says), which is likely after a message about a connection that
was closed: a request that is sent at that moment is lost. An application that tells no time may
close first too: that is likely where Apache's own words about it were pasted, the page comes today,
and Apache keeps the connections that the application keeps. It is possible only where the server in
front sends such a request again: Caddy and HAProxy do, and nginx does with "proxy_next_upstream
error", but for a POST (ngx_http_proxy_module).
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import logged_errors
from checks.server import ServerView, place_text, server_on_port
from checks.server._backend_answers import route_to_application
from checks.upstream._failed_applications import CLOSED
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import KeptConnection
from diagnose.model.http import page_exchanges
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import proxy_target_of, request_variables
from diagnose.parsers.urls import parse_url

#: Seconds. Web servers keep a connection for a minute or so.
_SHORT = 30
#: Apache's words where an application ends a connection without an answer (mod_proxy_http).
_APACHE_WORDS = re.compile(r"AH01102|error reading status line from remote server", re.IGNORECASE)
#: Its words where the application was too slow instead (apr_strerror, APR_TIMEUP).
_LATE = re.compile(r"\(70007\)|timeout specified has expired", re.IGNORECASE)
_FAILED = frozenset({502, 503, 504})
#: Methods that nginx sends only once (ngx_http_upstream_module: "non_idempotent").
_SENT_ONCE = ("POST ", "LOCK ", "PATCH ")


@check(
    severity=Severity.ERROR,
    needs=[KeptConnection],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-silent",
        "server.backend-not-reached",
        "server.answer-too-late",
        "server.haproxy-server-timeout",
        "server.read-timeout",
        "upstream.timeout",
        "upstream.read-timeout",
        "upstream.closed-early",
    ],
)
def kept_connection_fails(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "upstream-closed"
    for connection in evidence.good(KeptConnection):
        is_kept = is_told and bool(connection.second) and connection.reused
        is_race = is_kept and 0 < connection.idle <= _SHORT
        view = server_on_port(evidence)
        is_lost = is_kept and not connection.idle and _is_lost_by_apache(view, connection)
        if not (connection.hangs or is_race or is_lost):
            continue
        idle = connection.idle if is_race else 0
        claim = (
            _by_server(view, connection, idle)
            if view
            else _by_nginx(Nginx.of(evidence), connection, idle)
        )
        if claim is not None:
            yield claim
        return


def _is_lost_by_apache(view: ServerView | None, connection: KeptConnection) -> bool:
    """Return whether Apache's words say that the application closed a connection of which it did
    not tell that it ends, and the page comes today."""
    if view is None or view.server.product != "apache" or connection.says_close:
        return False
    symptom = view.evidence.target.symptom
    pages = page_exchanges(view.evidence)
    is_late = symptom is not None and _LATE.search(symptom.text) is not None
    is_well = (
        not is_late and bool(pages) and all(page.status and page.status < 500 for page in pages)
    )
    return is_well and symptom is not None and _APACHE_WORDS.search(symptom.text) is not None


def _by_server(view: ServerView, connection: KeptConnection, idle: int) -> Claim | None:
    # Imported late: few sites have such an application.
    from checks.upstream._kept_connection_edits import is_done, server_fix

    route = route_to_application(view)
    if route is None or is_done(view):
        return None
    place = place_text(route.file, route.line)
    fix = server_fix(view, route, idle)
    claim = _claim(view.evidence, connection, idle, (view.server,), view.server.title, place, fix)
    return claim if not idle or view.server.product == "apache" else _possible(claim, connection)


def _by_nginx(nginx: Nginx, connection: KeptConnection, idle: int) -> Claim | None:
    from checks.upstream._kept_connection_edits import closes_first, group_fix

    match = next(iter(nginx.location_matches(nginx.evidence.target.path)), None)
    variables = request_variables(nginx.evidence.target)
    proxied = proxy_target_of(match, variables) if match else None
    group = proxied.group if proxied else None
    kept_lines = children(group, "keepalive") if group else ()
    is_kept = bool(kept_lines) and nginx.config is not None
    if match is None or group is None or not is_kept or closes_first(group, idle):
        return None
    fix = group_fix(nginx, group, idle)
    place = file_line(kept_lines[-1])
    seen = (nginx.config,) if nginx.config else ()
    claim = _claim(nginx.evidence, connection, idle, seen, "nginx", place, fix)
    return _possible(claim, connection) if idle and _sends_again(nginx, match) else claim


def _sends_again(nginx: Nginx, match: LocationMatch) -> bool:
    """Return whether nginx sends a lost request again, and its log has none that it cannot."""
    line = match.directive("proxy_next_upstream")
    if line is not None and "error" not in line.args:
        return False
    lost = (each for each, _ in logged_errors(nginx.evidence, CLOSED))
    return not any(each.request.startswith(_SENT_ONCE) for each in lost)


def _possible(claim: Claim, connection: KeptConnection) -> Claim:
    """Return the claim for a server that sends a lost request again: it explains no measured
    failure."""
    url = parse_url(connection.target)
    own = (
        Subject(address=url.host, port=url.port)
        if url
        else Subject(address=connection.target, port=0)
    )
    return replace(claim, confidence=Confidence.POSSIBLE, severity=Severity.WARNING, covers=(own,))


def _claim(
    evidence: Evidence,
    connection: KeptConnection,
    idle: int,
    seen: tuple[Observation, ...],
    server: str,
    place: str,
    fix: Fix | None,
) -> Claim:
    pages = [page for page in page_exchanges(evidence) if page.status in _FAILED]
    port = evidence.target.port
    return Claim(
        about=Subject(port=port, path=evidence.target.path),
        covers=(Subject(port=port, path=evidence.target.path), Subject(port=port)),
        because=(connection, *seen, *pages),
        confidence=Confidence.CERTAIN if connection.hangs else Confidence.LIKELY,
        severity=None if pages else Severity.WARNING,
        facts={
            "server": server,
            "application": connection.target,
            "status": connection.first or "",
            "idle": idle or "",
            "hangs": connection.hangs,
            "lost": not connection.hangs and not idle,
            "place": place,
            "waited": round(connection.waited),
        },
        fix=fix or Fix((Manual("keep-none", Where.SERVER),), Applicability.MANUAL),
    )
