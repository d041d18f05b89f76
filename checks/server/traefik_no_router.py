"""Traefik itself answers "404 page not found": no router takes the request. The router for the name
has an error, is on another entry point, takes no TLS or TLS alone, or its rule has another path
("Routers", "EntryPoints"). Or Traefik passes over the container whose labels have the router.

Certain if Traefik's API said it; files may be older than what runs.
"""

import re
from collections.abc import Iterator

from checks.server import manual_fix, pages_with_status, server_view
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.traefik import EntryPoint, Router, TraefikState
from diagnose.model.web_servers import WebServer

#: The body of Go's http.NotFound, which Traefik answers.
_BODY = re.compile(r"\A(?:\*\*\* )?404 page not found\s{0,9}\Z")

#: Reasons, the nearest to a working router first.
_REASONS = (
    *("errors", "plain", "tls_only", "entry_point"),
    *("unhealthy", "not_enabled", "stopped", "other_path", "no_name"),
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState, Exchange],
    explains=["server.application-answers", "server.page-missing", "websocket.no-location",
              "websocket.not-upgraded", "server.traefik-default-certificate"],
)  # fmt: skip
def traefik_no_router(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    state = next(iter(evidence.good(TraefikState)), None)
    pages = [page for page in pages_with_status(evidence, 404) if _BODY.match(page.body)]
    if view is None or state is None or not pages or view.server.product != "traefik":
        return
    point = next((point for point in state.points if point.port == target.port), None)
    if point is None or (
        not state.complete and not any(router.has_name for router in state.routers)
    ):
        return
    reasons = [(_reason(router, point, target.uses_tls), router) for router in state.routers]
    if any(reason in {"", "unknown"} for reason, _ in reasons):
        return
    near = sorted((reason for reason in reasons if reason[1].has_name), key=_rank)
    reason, router = near[0] if near else ("no_name", None)
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(state, view.server, *pages),
        confidence=Confidence.CERTAIN if state.is_running else Confidence.LIKELY,
        severity=Severity.WARNING if reason == "other_path" else None,
        facts={
            **view.facts,
            "path": target.path,
            "router": router.name if router else "",
            "rule": router.rule if router else "",
            "message": router.errors[0] if router and router.errors else "",
            "own_points": router.entry_points if router else (),
            "point": point.name,
            "file": state.path,
            "container": router.container if router else "",
            **dict.fromkeys(_REASONS, False),
            reason: True,
        },
        fix=manual_fix(view, reason.replace("_", "-")),
    )


def _rank(pair: tuple[str, Router]) -> int:
    return _REASONS.index(pair[0])


def _reason(router: Router, point: EntryPoint, tls: bool) -> str:
    """Return why a router does not take the page, "" if it does, "unknown" if it may."""
    if not router.has_name and router.takes is False:
        return "no_name"
    if router.filtered:
        return router.filtered if router.has_name else "no_name"
    has_tls = router.tls or point.tls
    if router.status == "disabled":
        return "errors"
    if point.name not in router.entry_points:
        return "entry_point"
    if has_tls is not tls:
        return "plain" if tls else "tls_only"
    if router.takes is False:
        return "other_path"
    return "" if router.takes else "unknown"
