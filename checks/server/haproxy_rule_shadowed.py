"""A rule of HAProxy's frontend that is for the path comes behind another one that takes it as well:
the first rule that is true decides (Configuration Manual, "use_backend"). So the application of the
first rule gets the request, and refuses it, often behind a redirect to https. `path_beg /app`
compares characters: it takes /apple as well. And `hdr_dom(host) example.com` takes every name with
this part: the rule for shop.example.com behind it is never reached, whatever the answer is.
"""

from collections.abc import Iterator, Sequence

from checks.server import manual_fix, pages_with_status, reload_steps
from checks.server._haproxy import (
    HaproxyView,
    haproxy_view,
    place,
    redirected_targets,
    rule_moved_before,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    Target,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import later_selection


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.redirect-to-error",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "server.application-answers",
        "server.haproxy-other-backend",
        "server.own-answer",
        "websocket.not-upgraded",
        "websocket.no-location",
    ],
)
def haproxy_rule_shadowed(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    for path in dict.fromkeys((target.path, *target.websockets)):
        if answers := _refusals(evidence, path):
            yield from _claims(evidence, target, path, answers)
    for redirected, pages in redirected_targets(evidence):
        yield from _claims(evidence, redirected, target.path, pages)
    if answered := page_exchanges(evidence):
        yield from _of_name(evidence, answered)


def _of_name(evidence: Evidence, pages: Sequence[Exchange]) -> Iterator[Claim]:
    """Make the claim about the rule for the site's own name, which is never reached."""
    haproxy, target = haproxy_view(evidence), evidence.target
    # Imported late: few servers have HAProxy.
    from diagnose.parsers.haproxy.covering_names import covering_name

    covering = covering_name(haproxy.proxies, target) if haproxy else None
    if haproxy is None or covering is None:
        return
    own = Subject(port=target.port, path=target.path)
    is_failing = any((page.status or 0) >= 400 for page in pages) or target.symptom is not None
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port)),
        because=(*pages, haproxy.view.server),
        # A page that comes may be the right one, and the later rule a leftover.
        severity=None if is_failing else Severity.WARNING,
        facts={
            **haproxy.view.facts,
            "path": target.path,
            "backend": covering.backend,
            "place": place(covering.first),
            "later_backend": covering.later_backend,
            "later_place": place(covering.later),
            "status": "",
            "pattern": covering.pattern,
        },
        # The first rule may be meant for all names, such as during a maintenance.
        confidence=Confidence.LIKELY,
        fix=_fix(haproxy, covering.first, covering.later),
    )


def _claims(
    evidence: Evidence, target: Target, path: str, answers: Sequence[Exchange | Upgrade]
) -> Iterator[Claim]:
    """Make the claim for the answers to a path, at the target or where its redirect leads."""
    haproxy = haproxy_view(evidence, path, target=target)
    if haproxy is None or haproxy.proxies.selection is None:
        return
    later = later_selection(haproxy.proxies, target, path)
    if later is None:
        return
    first, port = haproxy.proxies.selection, evidence.target.port
    own = Subject(port=port, path=path)
    yield Claim(
        about=own,
        # A redirect is known by its address and port.
        covers=(own, Subject(port=port)) if target.port != port else (own,),
        because=(*answers, haproxy.view.server),
        facts={
            **haproxy.view.facts,
            "path": path,
            "backend": first.backend,
            "place": place(first.line),
            "later_backend": later.backend,
            "later_place": place(later.line),
            "status": next((answer.status for answer in answers), None) or "",
            "pattern": "",
        },
        confidence=Confidence.LIKELY,
        fix=_fix(haproxy, first.line, later.line),
    )


def _refusals(evidence: Evidence, path: str) -> list[Exchange | Upgrade]:
    """Return the answers to a path that say that this application does not have it."""
    port = evidence.target.port
    is_target = path == evidence.target.path
    pages = pages_with_status(evidence, 404) if is_target else []
    upgrades = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == path and upgrade.port == port and upgrade.through == "front"
        if not upgrade.accepted and upgrade.status in {200, 400, 404, 405, 426}
    ]
    return [*pages, *upgrades]


def _fix(haproxy: HaproxyView, first: Line, later: Line) -> Fix:
    edit = rule_moved_before(haproxy, first, later)
    if edit is None:
        return manual_fix(haproxy.view, "move")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
