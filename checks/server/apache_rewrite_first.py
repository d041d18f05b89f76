"""A RewriteRule of the virtual host takes a path before ProxyPass: mod_rewrite translates a URL
first, and ProxyPass gets only what no rule has led to a file (mod_rewrite, "RewriteRule"; the flag
[PT] would pass it on). So the page of a single-page application comes in place of JSON and of a
WebSocket, although the ProxyPass is right. Or the rule for WebSockets ([P]) stands behind it.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_websockets, websocket_paths, websocket_severity
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import document_kind
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import is_taken, misses_pattern

_INTERFACE = re.compile(r"/(?:[a-z]{1,20}-)?(?:api|rest)/", re.IGNORECASE)
_PLAIN = re.compile(r"/[\w./~-]+")


@frozen
class _Lost:
    """A path that visitors do not get, and what shows it."""

    path: str
    is_websocket: bool
    because: tuple[Observation, ...]
    severity: Severity | None = None


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.answer-says-why",
        "http.page-for-api",
        "server.application-answers",
        "server.own-answer",
        "server.page-missing",
        "server.path-not-handled",
        "server.websocket-not-passed",
        "websocket.inner-proxy",
        "websocket.not-upgraded",
    ],
)
def apache_rewrite_first(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    if len(view.answering_sites) != 1:
        return
    site = view.answering_sites[0]
    file = view.config.file(site.file)
    for lost in _lost_paths(evidence):
        request = ServerRequest(
            lost.path.partition("?")[0], "", target.host, target.port, target.uses_tls,
            websocket=lost.is_websocket,
        )  # fmt: skip
        # Imported late: few sites have both.
        from diagnose.parsers.apache.page_rules import page_rule

        rule = page_rule(file.text, site.line, site.end, request) if file else None
        route = _unused_route(site, request, rule.number) if rule else None
        if rule is None or route is None:
            continue
        yield _claim(view, site, lost, route, (rule.number, rule.first, rule.target))
        return


def _lost_paths(evidence: Evidence) -> Iterator[_Lost]:
    """Yield the target's path if its page is refused or stands in the place of data, then the
    WebSockets that do not open."""
    target = evidence.target
    pages = page_exchanges(evidence)
    if pages and all(_is_lost(evidence, page) for page in pages):
        yield _Lost(target.path_without_query, False, pages)
    for path in websocket_paths(evidence):
        refused = refused_websockets(evidence, path)
        if refused and all(each.status in {200, 403, 404} for each in refused):
            yield _Lost(path, True, tuple(refused), websocket_severity(evidence))


def _is_lost(evidence: Evidence, page: Exchange) -> bool:
    symptom = evidence.target.symptom
    is_data = (symptom is not None and symptom.kind == "data") or bool(
        _INTERFACE.match(evidence.target.path)
    )
    return page.status in {403, 404} or (
        page.status == 200 and is_data and document_kind(page.body) == "html"
    )


def _unused_route(site: WebSite, request: ServerRequest, number: int) -> SiteRoute | None:
    """Return the ProxyPass for the path, or the later rule that passes it on."""
    for route in site.routes:
        if route.pattern:
            is_later = route.file == site.file and route.line > number
            is_for = route.for_websockets if request.websocket else route.for_pages
            if is_later and is_for is not False and not misses_pattern(route, request.path):
                return route
        elif is_taken(route, request.path):
            return route if route.port or route.socket or route.members else None
    return None


def _claim(
    view: ServerView, site: WebSite, lost: _Lost, route: SiteRoute, rule: tuple[int, int, str]
) -> Claim:
    number, _, file = rule
    port = view.evidence.target.port
    path = lost.path.partition("?")[0]
    status = next((getattr(each, "status", None) for each in lost.because), None)
    return Claim(
        about=Subject(port=port, path=path),
        covers=(Subject(port=port, path=lost.path), Subject(port=port)),
        because=(view.server, *((view.config,) if view.config else ()), *lost.because),
        confidence=Confidence.LIKELY,
        severity=lost.severity,
        facts={
            **view.facts,
            "path": path,
            "websocket": lost.is_websocket,
            "status": status or "",
            "rule": line_text(view, site.file, number).strip(),
            "place": place_text(site.file, number),
            "file": file,
            "pass": line_text(view, route.file, route.line).strip(),
            "pass_place": place_text(route.file, route.line),
            "condition": _condition(site, route),
        },
        fix=_fix(view, site, route, rule),
    )


def _condition(site: WebSite, route: SiteRoute) -> str:
    """Return the condition with which the rule spares what is passed on; "" if none is known."""
    if route.pattern:
        return "RewriteCond %{HTTP:Upgrade} !=websocket [NC]" if route.for_websockets else ""
    prefixes = [
        each.path
        for each in site.routes
        if not each.pattern and each.path != "/" and _PLAIN.fullmatch(each.path)
        if each.port or each.socket or each.members
    ]
    if route.path not in prefixes:
        return ""
    words = "|".join(map(_spared, dict.fromkeys(prefixes)))
    return f"RewriteCond %{{REQUEST_URI}} !^(?:{words})"


def _spared(path: str) -> str:
    """Return the expression for what ProxyPass takes: /ws and what is below it, and not /wsdocs
    (mod_proxy compares whole segments)."""
    escaped = re.escape(path).replace("\\-", "-")
    return escaped if path.endswith("/") else f"{escaped}(?:/|$)"


def _fix(view: ServerView, site: WebSite, route: SiteRoute, rule: tuple[int, int, str]) -> Fix:
    """Write the condition above those of the rule: all of them have to be true."""
    first = line_text(view, site.file, rule[1])
    condition = _condition(site, route)
    lines = (f"{indentation(first)}{condition}", first)
    edit = line_edit(view, site.file, {rule[1]: lines}) if condition and first else None
    if edit is None:
        return manual_fix(view, "spare-the-path")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
