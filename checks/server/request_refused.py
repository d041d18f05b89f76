"""The application refuses the page for one part of what the server in front sends it, or does not
send: X-Forwarded-For (an application that trusts no proxy), X-Forwarded-Proto (an application
that compares the scheme), or the site's name as Host (an application that knows another name).

It was asked directly, with the part and without it. That is likely and not certain: each request
was sent once.
"""

from collections.abc import Iterator
from typing import Literal

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import answer_with, route_to_application
from checks.server._caddy_proxy_lines import own_host_edit
from checks.server._traefik_service_edits import own_host_edit as traefik_own_host_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.hostnames import is_address

Part = Literal["visitor", "scheme", "name"]


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer, Exchange],
    explains=[
        "server.application-answers",
        "server.own-answer",
        "upstream.application-log",
        "http.host-refused",
    ],
)
def request_refused(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    route, pages = route_to_application(view), page_exchanges(evidence)
    statuses = {page.status for page in pages}
    if route is None or len(statuses) != 1 or not 400 <= ((pages[0].status) or 0) < 500:
        return
    if pages[0].status == 421 and route.scheme == "https":
        return  # the name in TLS decides, which each of our requests has chosen anew
    decided = _deciding_part(view, route, pages[0].status)
    if decided is None:
        return
    part, good, bad = decided
    fix = _fix(view, route, part)
    # Imported late: few applications refuse a request.
    from checks.http._known_application import own_setting

    claim = Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path),),
        because=(good, bad, view.server, *pages),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "application": route.replacement_host,
            "name": target.authority,
            "place": place_text(route.file, route.line),
            "status": bad.status,
            "other_status": good.status,
            **dict.fromkeys(("visitor", "scheme"), False),
            "own_name": part == "name",
            "own_host": fix.applicability is Applicability.REVIEW,
            "elsewhere": part == "name"
            and not (is_address(route.host) or is_local_host(route.host)),
            **({part: True} if part != "name" else {}),
            view.server.product: True,
            **own_setting(evidence, "allowed_host"),
        },
        fix=fix,
    )
    if part == "visitor":
        # Imported late, too.
        from checks.upstream._own_remedy import with_own_remedy

        claim = with_own_remedy(evidence, claim, "trusted_proxy", of_frameworks=False)
    yield claim


def _fix(view: ServerView, route: SiteRoute, part: Part) -> Fix:
    """Send an application of another operator its own name. One of this machine may serve the
    site's name too: a person decides."""
    is_elsewhere = not (is_address(route.host) or is_local_host(route.host))
    if part == "name" and is_elsewhere and view.server.product == "caddy":
        edit = own_host_edit(view, route)
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if part == "name" and is_elsewhere and view.server.product == "traefik":
        edit = traefik_own_host_edit(view, route)
        if edit is not None:
            return Fix((edit,), Applicability.REVIEW)
    if part == "visitor":
        return Fix((Manual("trust", Where.APPLICATION),), Applicability.MANUAL)
    return manual_fix(view, "pass" if part == "scheme" else "agree")


def _deciding_part(
    view: ServerView, route: SiteRoute, status: int | None
) -> tuple[Part, BackendAnswer, BackendAnswer] | None:
    """Return the part that decides, the answer that serves the page, and the one that visitors
    get."""
    evidence, name = view.evidence, view.evidence.target.authority
    full = answer_with(evidence, route, name, "https")
    forwarded = answer_with(evidence, route, name, "https", forwarded_for=True)
    plain, own = (
        answer_with(evidence, route, name, ""),
        answer_with(evidence, route, route.replacement_host, "https"),
    )
    pairs: tuple[tuple[Part, BackendAnswer | None, BackendAnswer | None], ...] = (
        ("visitor", full, forwarded),
        ("scheme", full, plain),
        ("name", own, full),
    )
    for part, good, bad in pairs:
        if good and bad and bad.status == status and (good.status or 999) < 400:
            return part, good, bad
    return None
