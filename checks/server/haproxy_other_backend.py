"""A frontend of HAProxy sends a request to a backend whose application does not have it, and the
application of another backend has it: a rule is missing, or its condition is not true
(Configuration Manual, "use_backend").

The evidence is that application, asked directly for the path, and for one that nobody has as the
control: it may have a page, or open a WebSocket, for every path. Where the site answers with a
page, its own application has one for every path.
"""

from collections.abc import Iterator, Sequence

from checks.http import _page_files
from checks.server import manual_fix, place_text, reload_steps
from checks.server._backend_answers import (
    visit_of,
    websocket_paths,
    websocket_severity,
    websocket_subjects,
)
from checks.server._haproxy import HaproxyView, haproxy_view, place
from checks.server._haproxy_rule_edits import Correction, correction_of
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.other_backends import (
    OtherBackend,
    is_named_after,
    other_backends,
    own_route,
)
from diagnose.parsers.other_programs import is_of_many
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.web_sites import inner_path

Visits = Sequence[Exchange | Upgrade | PageFileResponse]


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.page-file-missing",
        "http.page-file-type",
        "http.page-for-api",
        "server.application-answers",
        "server.own-answer",
        "server.page-missing",
        "server.prefix-kept",
        "websocket.inner-proxy",
        "websocket.no-location",
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.redirected",
    ],
)
def haproxy_other_backend(evidence: Evidence) -> Iterator[Claim]:
    claims = (
        claim
        for path, visits, websocket in _questions(evidence)
        if (claim := _claim(evidence, path, visits, websocket)) is not None
    )
    # Several paths that one rule should take have one fault.
    yield from {
        (claim.facts["backend"], claim.facts["websocket"]): claim for claim in reversed([*claims])
    }.values()


def _questions(evidence: Evidence) -> Iterator[tuple[str, Visits, bool]]:
    """Yield what visitors ask for, the answers that may be another application's, and whether that
    is a WebSocket."""
    target = evidence.target
    polled = [
        visit.requested
        for visit in evidence.good(BackendVisit)
        if not visit.websocket and visit.requested.rstrip("/").endswith("socket.io")
    ]
    yield target.path, [page for page in page_exchanges(evidence) if _is_doubtful(page)], False
    for path in websocket_paths(evidence):
        refused = [
            upgrade
            for upgrade in evidence.of(Upgrade)
            if (upgrade.path, upgrade.port) == (path, target.port) and upgrade.is_visit
        ]
        if not any(upgrade.accepted for upgrade in refused):
            yield path, refused, True
    files = _page_files.refused_files(evidence)
    for file in files:
        yield file.path, [file.response], False
    known = {file.path for file in files} | {target.path_without_query}
    for path in dict.fromkeys(polled):
        if path not in known:
            yield path, [*page_exchanges(evidence)], False


def _is_doubtful(page: Exchange) -> bool:
    is_html = "html" in (page.header("Content-Type") or "")
    return page.status in {400, 404, 405, 410} or (page.status == 200 and is_html)


def _claim(evidence: Evidence, path: str, visits: Visits, websocket: bool) -> Claim | None:
    haproxy, target = haproxy_view(evidence, path, websocket), evidence.target
    if haproxy is None or haproxy.proxies.selection is None or not visits:
        return None
    own = path.partition("?")[0]
    others = _backends_with_path(haproxy, path, websocket)
    if len(others) != 1 or not _is_unanswered(evidence, own, visits, others[0]):
        return None
    other, selection = others[0], haproxy.proxies.selection
    correction = correction_of(haproxy, other, path, websocket)
    is_unruled = correction.facts["absent"] or correction.facts["swapped"]
    # The name of the site, or an unused backend whose start page is the only one.
    is_meant = bool(correction.facts["swapped"]) and (
        is_named_after(other.name, target) or (own == "/" and not other.is_named)
    )
    if own == "/" and correction.facts["swapped"] and _is_of_data(visits):
        return None
    if is_unruled and _is_meant(evidence, other, own, visits, websocket):
        return None
    if websocket and correction.facts["absent"] and _opens_every(evidence, other, own):
        return None
    subject = Subject(port=target.port, path=own)
    visit = visit_of(evidence, other.route, own, inner_path(other.route, own), websocket)
    return Claim(
        about=subject,
        covers=(*websocket_subjects(evidence, path), subject, *_whole_port(visits, target.port)),
        because=(*([visit] if visit else []), haproxy.view.server, *visits),
        # Which application was meant, only its owner knows.
        confidence=Confidence.LIKELY,
        severity=_severity(
            evidence, visits, websocket, visit if is_unruled and not is_meant else None
        ),
        facts={
            **haproxy.view.facts,
            "path": own,
            "own": selection.backend,
            "place": place(selection.line),
            "backend": other.name,
            "target": other.route.target,
            "server_place": place_text(other.route.file, other.route.line),
            "rule_place": place(other.rules[0].line) if other.rules else "",
            "websocket": websocket,
            **correction.facts,
        },
        fix=_fix(haproxy, correction),
    )


def _backends_with_path(haproxy: HaproxyView, path: str, websocket: bool) -> list[OtherBackend]:
    """Return the other backends whose applications have a path."""
    evidence, target = haproxy.view.evidence, haproxy.view.evidence.target
    own_target = own_route(haproxy.proxies, target)
    others = [
        other
        for other in other_backends(haproxy.proxies, target)
        # The same application by another rule: then what is asked of it differs, its path.
        if own_target is None or other.route.target != own_target.target
        if _has_path(evidence, other, path.partition("?")[0], websocket)
    ]
    # Two backends may lead to one application: the one that a rule chooses is meant.
    by_target = {other.route.target: other for other in sorted(others, key=lambda o: len(o.rules))}
    others = list(by_target.values())
    if path == "/" and any(is_named_after(other.name, target) for other in others):
        return [other for other in others if is_named_after(other.name, target)]
    if path == "/" and len(others) > 1:
        # Every site has a start page; what no rule takes is the default backend's.
        return [other for other in others if haproxy.has_default(other.name)]
    return others


def _is_meant(
    evidence: Evidence, other: OtherBackend, path: str, visits: Visits, websocket: bool
) -> bool:
    """Return whether no rule for a path may be meant: the backend is for some visitors alone (by
    their address, their program, a cookie, a time), or each application has its own page there."""
    literals = (literal for rule in other.rules for term in rule.alternatives for literal in term)
    unknown = {"", "agent", "src"}
    if any(each.subject in unknown for literal in literals for each in literal.criteria):
        return True
    visit = visit_of(evidence, other.route, path, inner_path(other.route, path), websocket)
    is_page = visit is not None and visit.media_type == "text/html"
    return is_page and all(isinstance(v, Exchange) and v.status == 200 for v in visits)


def _is_of_data(visits: Visits) -> bool:
    """Return whether the application that answers is one for data, which has nothing at "/"."""
    exchanges = [visit for visit in visits if isinstance(visit, Exchange)]
    return bool(exchanges) and all(
        "json" in (exchange.header("Content-Type") or "").lower() for exchange in exchanges
    )


def _whole_port(visits: Visits, port: int) -> tuple[Subject, ...]:
    """A file that is missing is a fault of the page."""
    is_file = any(isinstance(visit, PageFileResponse) for visit in visits)
    return (Subject(port=port),) if is_file else ()


def _severity(
    evidence: Evidence, visits: Visits, websocket: bool, unruled: BackendVisit | None
) -> Severity | None:
    """Return the severity; `unruled` is what the other backend has if no rule is about the path."""
    if websocket:
        return websocket_severity(evidence)
    is_page = unruled is not None and unruled.media_type == "text/html"
    is_of_target = all(isinstance(visit, Exchange) for visit in visits)
    if is_page and is_of_target and evidence.target.symptom is None:
        # A backend of an older site may have a page that is gone on purpose.
        return Severity.NOTE
    is_error = any((visit.status or 0) >= 400 for visit in visits)
    return None if is_error else Severity.WARNING


def _has_path(evidence: Evidence, other: OtherBackend, path: str, websocket: bool) -> bool:
    """Return whether the application of a backend opens a WebSocket, or has a page, and not one
    for every path."""
    visit = visit_of(evidence, other.route, path, inner_path(other.route, path), websocket)
    if visit is None or websocket:
        return visit is not None and visit.accepted
    unknown = unknown_path(path)
    nothing = visit_of(evidence, other.route, unknown, inner_path(other.route, unknown), False)
    is_known = path == "/" or (nothing is not None and not nothing.succeeded)
    return visit.status == 200 and is_known


def _opens_every(evidence: Evidence, other: OtherBackend, path: str) -> bool:
    """Return whether an application opens a WebSocket at every path, or may: then nothing shows
    that this one is meant for it, unless a rule says so."""
    unknown = unknown_path(path)
    control = visit_of(evidence, other.route, unknown, inner_path(other.route, unknown), True)
    return control is None or control.accepted


def _is_unanswered(evidence: Evidence, path: str, visits: Visits, other: OtherBackend) -> bool:
    """Return whether none of the answers is what was asked for: they are errors, or the page that
    the site's own application has for every path."""
    if all((visit.status or 0) >= 400 or isinstance(visit, Upgrade) for visit in visits):
        return True
    if all(isinstance(visit, PageFileResponse) for visit in visits):
        return True
    unknown = unknown_path(path)
    own = [
        visit
        for visit in evidence.good(BackendVisit)
        if visit.requested == unknown and visit.target != other.route.target
        if not visit.websocket
    ]
    is_of_target = path == evidence.target.path_without_query
    # Of a name alone, as /about, each of the two may have its own.
    return is_of_target and not is_of_many(path) and any(visit.status == 200 for visit in own)


def _fix(haproxy: HaproxyView, correction: Correction) -> Fix:
    if correction.edit is None:
        for fact, step in (("taken", "limit-the-rule"), ("swapped", "name-the-backend")):
            if correction.facts[fact]:
                return manual_fix(haproxy.view, step)
        return manual_fix(haproxy.view, "write-the-rule")
    return Fix((correction.edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
