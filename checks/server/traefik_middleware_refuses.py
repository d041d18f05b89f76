"""Traefik refuses the page by a middleware of its router: 403 by a list of addresses, 429 by a
limit of requests, 413 by a limit of the body ("IPAllowList", "RateLimit", "InFlightReq",
"Buffering"). The application does not get the request.

Traefik's own answers are the words of the status alone. The control is the application, asked
directly: it answers otherwise. That the limit of the body is met nothing of a run shows: a person
asks about it.

A list or a limit is often meant: without a message it is a note. Where somebody names a visitor
(the option `--from`, or a message), a list counts that does not have this address, and no other.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, manual_fix, place_text, server_view
from checks.server._backend_answers import answer_with, route_to_application
from checks.server._body_limits import ENOUGH, raised_limit, raising_fix
from checks.upstream._responses import asks_about_size, may_be_reported_limit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.traefik import Refuser, Router, TraefikState
from diagnose.model.visitor import visitor_address
from diagnose.model.web_servers import WebServer

#: The words of the statuses as Go has them ("http.StatusText"); a recording marks them.
_BODY = {
    403: re.compile(r"\A(?:\*\*\* )?Forbidden\s{0,9}\Z"),
    429: re.compile(r"\A(?:\*\*\* )?Too Many(?: Requests)?(?:\s{1,9}Too Many)?\s{0,9}\Z"),
}
_STEP, _FORBIDDEN = "change-the-middleware", 403


@check(
    severity=Severity.WARNING,
    needs=[WebServer, TraefikState],
    explains=["server.application-answers", "server.own-answer", "websocket.not-upgraded",
              "websocket.no-location", "websocket.rate-limited", "http.page-file-missing"],
)  # fmt: skip
def traefik_middleware_refuses(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    state = next(iter(evidence.good(TraefikState)), None)
    if view is None or state is None or view.server.product != "traefik":
        return
    router = _router(state, evidence.target.port)
    if router is None:
        return
    pages = [page for page in page_exchanges(evidence) if not page.failure]
    statuses = {page.status or 0 for page in pages}
    for status, body in _BODY.items():
        refusers = [refuser for refuser in router.refusers if refuser.status == status]
        is_met = statuses == {status} and all(body.match(p.body) for p in pages)
        if len(refusers) != 1:
            continue
        visitor, is_in = _named(evidence, refusers[0])
        if (is_met and not is_in) or is_in is False:
            yield _claim(view, state, router, refusers[0], pages, visitor)
    sizes = [
        refuser
        for refuser in router.refusers
        if refuser.status == 413 and refuser.value.isdecimal()
    ]
    limit = int(sizes[0].value[:15]) if sizes else 0
    if limit and asks_about_size(evidence) and may_be_reported_limit(evidence, limit, ENOUGH):
        yield _claim(view, state, router, sizes[0], ())


def _named(evidence: Evidence, refuser: Refuser) -> tuple[str, bool | None]:
    """Return the visitor whom somebody names, and whether a list of addresses has them; "" and None
    if nobody is named, or nothing is known."""
    if refuser.status != _FORBIDDEN or not (evidence.target.symptom or visitor_address(evidence)):
        return "", None
    # Imported late: few people name a visitor.
    from checks.server._traefik_lists import admits, named_visitor

    visitor = named_visitor(evidence)
    return visitor, admits(refuser, visitor)


def _router(state: TraefikState, port: int) -> Router | None:
    """Return the only router that takes the page on a port."""
    point = next((point for point in state.points if point.port == port), None)
    own = [
        router
        for router in state.routers
        if router.takes is not False and router.status == "enabled" and not router.filtered
        if point is not None and point.name in router.entry_points
    ]
    return own[0] if len(own) == 1 and own[0].takes else None


def _claim(
    view: ServerView,
    state: TraefikState,
    router: Router,
    refuser: Refuser,
    pages: Sequence[Exchange],
    visitor: str = "",
) -> Claim:
    evidence, target = view.evidence, view.evidence.target
    subject, is_size = Subject(port=target.port, path=target.path), refuser.status == 413
    place = _place(view, refuser)
    return Claim(
        about=subject,
        covers=() if is_size else (subject, Subject(port=target.port)),
        because=(state, view.server, *pages),
        confidence=_confidence(view, state, refuser),
        severity=None if is_size or visitor or _is_asked(evidence, refuser) else Severity.NOTE,
        facts={
            **view.facts,
            "path": target.path_without_query,
            "status": refuser.status,
            "router": router.name,
            "middleware": refuser.name,
            "kind": refuser.kind,
            "setting": refuser.setting,
            "value": refuser.value,
            "place": place_text(*place) if place else "",
            "list": refuser.status == 403,
            "rate": refuser.status == 429,
            "burst": refuser.kind == "rateLimit",
            "size": is_size,
            "visitor": visitor,
        },
        fix=_fix(view, refuser, place) if is_size else _opening_fix(view, refuser, place, visitor),
    )


def _opening_fix(
    view: ServerView, refuser: Refuser, place: tuple[str, int] | None, visitor: str
) -> Fix:
    """Add the visitor who is named to the list, or raise the limit for who asks about it, where
    Traefik reads its files again by itself."""
    is_limit = refuser.kind == "rateLimit" and refuser.value.isdecimal()
    if visitor or (is_limit and _is_asked(view.evidence, refuser)):
        from checks.server._traefik_edits import is_watched
        from checks.server._traefik_lists import added_visitor, raised_rate

        edit = added_visitor(view, place, visitor) if visitor else raised_rate(view, place, refuser)
        if edit is not None and is_watched(view):
            return Fix((edit,), Applicability.REVIEW)
    return manual_fix(view, _STEP)


def _fix(view: ServerView, refuser: Refuser, place: tuple[str, int] | None) -> Fix:
    """Write a larger limit, where Traefik reads its files again by itself."""
    # Imported late: few sites have a limit.
    from checks.server._traefik_edits import is_watched

    if place is None or not is_watched(view):
        return manual_fix(view, _STEP)
    words = refuser.value, str(raised_limit(int(refuser.value)))
    return raising_fix(view, *place, words, _STEP)


def _is_asked(evidence: Evidence, refuser: Refuser) -> bool:
    symptom = evidence.target.symptom
    return symptom is not None and symptom.number == refuser.status


def _confidence(view: ServerView, state: TraefikState, refuser: Refuser) -> Confidence:
    route = route_to_application(view)
    host = view.evidence.target.authority
    answer = answer_with(view.evidence, route, host, "https") if route else None
    is_controlled = answer is not None and answer.status not in {None, refuser.status}
    # That a body is too large was not seen.
    is_controlled &= refuser.status != 413
    return Confidence.CERTAIN if state.is_running and is_controlled else Confidence.LIKELY


def _place(view: ServerView, refuser: Refuser) -> tuple[str, int] | None:
    """Return the only line of the files that has the setting, None if there are more."""
    setting = re.compile(rf"(?i)(?<![\w.-])[\"']?{re.escape(refuser.setting)}[\"']?\s{{0,9}}[:=]")
    places = [
        (file.path, number)
        for file in (view.config.files if view.config else ())
        for number, row in enumerate(file.text.split("\n"), 1)
        if setting.search(row[:2000]) and not row.lstrip().startswith("#")
    ]
    return places[0] if len(places) == 1 else None
