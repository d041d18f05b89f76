"""A router of Traefik is for this very path, and another one gets the request: the first has an
error (a rule of version 2 in version 3), or a lower priority ("Routers", "Priority": by default the
longer rule wins).

Or it is for exactly this host, and that of the other one is an expression (HostRegexp). Or it has
another fault that is the only one: no `tls`, an entry point or a service that is nowhere, `Path` in
place of `PathPrefix`. Or the rule of the other one has `||` where both parts were meant.

Visitors see it only where the wrong application answers wrongly: with an error, or with a page in
the place of data or a WebSocket, or where they say that another site comes. Likely and not certain:
that the other application would answer is not tried.
"""

import re
from collections.abc import Iterator
from typing import get_args

from checks.server import ServerView, manual_fix, server_view
from checks.server._backend_answers import websocket_subjects
from checks.server._traefik_corrections import Correction
from checks.server._traefik_edits import correction, major_version, router_edit
from checks.server._traefik_passed_routers import (
    Fault,
    PassedRouter,
    lacking_router,
    too_wide_router,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.traefik import EntryPoint, Router, TraefikState
from diagnose.model.web_servers import WebServer
from diagnose.parsers.server_request import ServerRequest, requests_of
from diagnose.parsers.traefik.rule_errors import corrected_rule
from diagnose.parsers.traefik.rules import rule_holds

#: A path of an interface, where a page is no answer.
_INTERFACE = re.compile(r"/(?:[a-z]{1,20}-)?(?:api|rest|graphql)(?:/|\Z)", re.IGNORECASE)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState],
    explains=[
        "http.page-file-missing",
        "http.page-for-api",
        "server.application-answers",
        "server.own-answer",
        "server.websocket-other-application",
        "server.wrong-site",
        "websocket.no-location",
        "websocket.not-upgraded",
        "websocket.other-path",
    ],
)
def traefik_router_passed_over(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    state = next(iter(evidence.good(TraefikState)), None)
    if view is None or state is None or view.server.product != "traefik":
        return
    point = next((each for each in state.points if each.port == evidence.target.port), None)
    for request in requests_of(evidence.target) if point else ():
        wrong = _wrong_answers(evidence, request)
        winner = _winner(view, state, point, request) if wrong and point else None
        if winner is None or point is None:
            continue
        passed = _passed_routers(view, state, winner, point, request)
        if len(passed) == 1:
            yield _claim(view, state, request, (winner, passed[0]), wrong)


def _passed_routers(
    view: ServerView,
    state: TraefikState,
    winner: Router,
    point: EntryPoint,
    request: ServerRequest,
) -> list[PassedRouter]:
    """Return the routers that are meant for a request and do not get it."""
    others = [router for router in state.routers if router is not winner]
    passed = [
        PassedRouter(router, "by_priority", _correction(view, state, router, winner, point))
        for router in others
        if _is_meant(view, router, winner, point, request)
    ]
    if passed:
        return passed
    lacking = [
        own
        for router in others
        if (own := lacking_router(view, state, (router, winner), point, request)) is not None
    ]
    takers = [router for router in others if _takes(view, router, point, request)]
    wide = too_wide_router(view, winner, takers, request)
    return lacking or ([wide] if wide else [])


def _wrong_answers(evidence: Evidence, request: ServerRequest) -> list[Exchange | Upgrade]:
    """Return the answers to visitors, if all of them are wrong for what was asked."""
    target = evidence.target
    if request.websocket:
        upgrades: list[Exchange | Upgrade] = [
            upgrade
            for upgrade in evidence.good(Upgrade)
            if upgrade.is_visit and upgrade.port == target.port
            if upgrade.path.partition("?")[0] == request.path
        ]
        is_wrong = all(upgrade.status not in {101, 401, 403, None} for upgrade in upgrades)
        return upgrades if is_wrong else []
    pages: list[Exchange | Upgrade] = [
        page for page in page_exchanges(evidence) if not page.failure and page.status
    ]
    is_interface = _INTERFACE.match(request.path) is not None
    symptom = target.symptom
    is_told = symptom is not None and symptom.kind == "wrong-site"
    is_wrong = all(
        page.status in {400, 404, 405}
        or (page.status == 200 and (is_told or (is_interface and _is_page(page))))
        for page in pages
    )
    return pages if is_wrong else []


def _is_page(page: Exchange | Upgrade) -> bool:
    kind = page.header("Content-Type") if isinstance(page, Exchange) else ""
    return (kind or "").lower().startswith("text/html")


def _winner(
    view: ServerView, state: TraefikState, point: EntryPoint | None, request: ServerRequest
) -> Router | None:
    """Return the router that gets the request; None if that is not known."""
    if point is None or not state.complete:
        return None
    takers = [router for router in state.routers if _takes(view, router, point, request)]
    is_known = all(rule_holds(taker.rule, request, major_version(view)) for taker in takers)
    return max(takers, key=lambda each: each.priority) if takers and is_known else None


def _takes(view: ServerView, router: Router, point: EntryPoint, request: ServerRequest) -> bool:
    """Return whether a router takes a request, or may."""
    is_on = point.name in router.entry_points and (router.tls or point.tls) is request.tls
    is_used = router.status == "enabled" and not router.filtered
    return is_used and is_on and rule_holds(router.rule, request, major_version(view)) is not False


def _is_meant(
    view: ServerView, router: Router, winner: Router, point: EntryPoint, request: ServerRequest
) -> bool:
    """Return whether a router is for this path, more closely than the one that gets it, and would
    take the request but for an error of its rule or its priority."""
    major = major_version(view)
    if router.filtered or point.name not in router.entry_points:
        return False
    if (router.tls or point.tls) is not request.tls or router.priority == winner.priority:
        return False
    meant = router.rule
    if router.status == "disabled":
        meant = corrected_rule(router.rule, major) if _has_rule_error(router) else ""
    is_closer = "Path" in meant and ("Path" not in winner.rule or len(meant) > len(winner.rule))
    host = view.evidence.target.host
    is_for_paths = "Path" in winner.rule.replace("PathPrefix(`/`)", "")
    is_closer = is_closer or (
        _names(meant, host) and not _names(winner.rule, host) and not is_for_paths
    )
    is_higher = router.status == "disabled" and router.priority > winner.priority
    is_lower = router.status == "enabled" and router.priority < winner.priority
    return is_closer and (is_higher or is_lower) and rule_holds(meant, request, major) is True


def _names(rule: str, host: str) -> bool:
    """Return whether a rule is for exactly this host: Host(`shop.example.com`)."""
    return f"`{host}`" in rule and re.search(r"(?<!!)\bHost\(", rule) is not None


def _has_rule_error(router: Router) -> bool:
    return len(router.errors) == 1 and "parsing rule" in router.errors[0]


def _claim(
    view: ServerView,
    state: TraefikState,
    request: ServerRequest,
    chosen: tuple[Router, PassedRouter],
    wrong: list[Exchange | Upgrade],
) -> Claim:
    winner, passed = chosen
    target, router, own = view.evidence.target, passed.router, passed.correction
    written = winner if passed.fault == "either" else router
    subject = Subject(port=target.port, path=request.path)
    return Claim(
        about=subject,
        covers=(
            subject,
            *websocket_subjects(view.evidence, request.path),
            *([Subject(name=target.host, port=target.port)] if router.has_name else []),
        ),
        because=(state, view.server, *wrong),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "path": request.path,
            "router": router.name,
            "rule": router.rule,
            "message": router.errors[0] if router.errors else "",
            "priority": router.priority,
            "winner": winner.name,
            "winner_rule": winner.rule,
            "winner_priority": winner.priority,
            **{fault: fault == passed.fault for fault in get_args(Fault)},
            "corrected": written.name,
            "setting": own.setting(written) if own else "",
            "further": own.further.setting(written) if own and own.further else "",
            "container": written.container,
        },
        fix=_fix(view, state, written, own),
    )


def _correction(
    view: ServerView, state: TraefikState, router: Router, winner: Router, point: EntryPoint
) -> Correction | None:
    if router.status == "disabled":
        return correction(view, state, router, point, "errors")
    written = "" if router.priority == len(router.rule) else str(router.priority)
    return Correction("priority", written, str(winner.priority + 1), is_sure=False)


def _fix(view: ServerView, state: TraefikState, router: Router, own: Correction | None) -> Fix:
    edit = router_edit(view, state, router, own) if own else None
    if edit is not None:
        return Fix((edit,), Applicability.REVIEW)
    if own is None:
        return manual_fix(view, "correct-router")
    return manual_fix(view, "write-label" if router.container else "write-setting")
