"""Browsers of visitors asked whether a page of another site may send a request (CORS preflight,
OPTIONS), were refused, and the same question is refused in this run: by nginx's configuration (an
`if` for the method, `limit_except`, a password), or by the application behind it.

It is a note: whether another site may ask at all is the owner's decision. It is none where nginx
adds Access-Control-Allow-Origin for the path, which decides that: then nginx has to answer the
preflight too. 403 by the application may be meant for the site that asked, so that it is not
judged. Where nginx serves files, nginx.method-not-allowed says it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects, is_looked_into
from checks.nginx._failed_requests import current_failures, repeated_exchange
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.parsers.failed_requests import NO_PREFLIGHT
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN

if TYPE_CHECKING:
    from diagnose.model.nginx import Directive
    from diagnose.parsers.nginx.locations import LocationMatch
    from diagnose.parsers.nginx.server_blocks import Server


@frozen(eq=False)
class _Refuser:
    """Who refuses: a `rule` of nginx at `place`, or the application, to which `place` leads.
    `match` is the location of nginx that passes the request on to it, if it allows other sites."""

    application: str = ""
    rule: str = ""
    place: str = ""
    evidence: tuple[Observation, ...] = ()
    match: "LocationMatch | None" = None


@check(
    severity=Severity.NOTE,
    needs=[FailedRequests, Exchange],
    explains=["http.cors-refused", "nginx.other-requests-failed", "server.other-requests-failed"],
)
def preflight_refused(evidence: Evidence) -> Iterator[Claim]:
    if not is_looked_into(evidence):
        return
    for server in dict.fromkeys(failure.server for failure in evidence.good(FailedRequests)):
        for failure in current_failures(evidence, NO_PREFLIGHT, server):
            again = repeated_exchange(evidence, failure)
            if failure.method != "OPTIONS" or again is None or again.status not in NO_PREFLIGHT:
                continue
            refuser = _refuser(evidence, failure, again)
            if refuser is not None:
                yield _claim(evidence, failure, again, refuser)


def _claim(
    evidence: Evidence, failure: FailedRequests, again: Exchange, refuser: _Refuser
) -> Claim:
    subject = Subject(port=evidence.target.port, path=failure.path)
    return Claim(
        about=subject,
        # http.cors-refused is about the addresses that answered.
        covers=(subject, *endpoint_subjects([again])),
        because=(failure, again, *refuser.evidence),
        severity=Severity.WARNING if refuser.match else None,
        confidence=Confidence.CERTAIN if refuser.rule or refuser.match else Confidence.LIKELY,
        facts={
            "url": again.url,
            "path": failure.path,
            "status": again.status,
            "times": failure.times if failure.times > 1 else "",
            "last": failure.written,
            "log": failure.file,
            "server": again.header("Server") or failure.server,
            "nginx": failure.server == "nginx",
            "application": refuser.application,
            "rule": refuser.rule,
            "place": refuser.place,
            "login": again.status == 401,
            "unknown": again.status == 404,
            "allowed": refuser.match is not None,
            "curl": again.equivalent,
        },
        fix=_fix(evidence, refuser),
    )


def _fix(evidence: Evidence, refuser: _Refuser) -> Fix:
    """Let nginx answer the preflight in the location that allows other sites already, with the
    fields that it has; the others are a person's choice."""
    step = Manual("let-it-pass" if refuser.rule else "tell-the-application", Where.SERVER)
    if refuser.match is None:
        return Fix((step,), Applicability.MANUAL)
    from checks.http._cors_edits import answering_fix
    from checks.nginx import Nginx

    fix = answering_fix(Nginx.of(evidence), refuser.match)
    return fix or Fix((step,), Applicability.MANUAL)


def _refuser(evidence: Evidence, failure: FailedRequests, again: Exchange) -> _Refuser | None:
    """Return who refuses; None if that is not known, or may be meant for the site that asks."""
    if failure.server == "nginx":
        return _behind_nginx(evidence, failure, again)
    from checks.server import place_text, server_on_port
    from checks.server._backend_answers import route_to_application

    view = server_on_port(evidence)
    route = route_to_application(view, failure.path) if view else None
    is_own = bool(proxy_page(again.body)) or failure.ending.startswith("P")
    if view is None or route is None or is_own or again.status == 403:
        return None
    place = place_text(route.file, route.line)
    return _Refuser(route.authority, place=place, evidence=(view.server,))


def _behind_nginx(evidence: Evidence, failure: FailedRequests, again: Exchange) -> _Refuser | None:
    from checks.http._cors_edits import permits_others
    from checks.nginx import Nginx, file_line
    from diagnose.parsers.nginx.upstreams import pass_directive_of

    nginx = Nginx.of(evidence)
    config = (nginx.config,) if nginx.config else ()
    for selected in () if nginx.is_refused else nginx.answering_servers():
        match = final_location(selected.server, failure.path)
        directive = _rule(evidence, selected.server, match, failure.path, again.status or 0)
        if directive is not None:
            rule = directive.text
            return _Refuser(rule=rule, place=file_line(directive), evidence=config)
        passing, is_own = pass_directive_of(match), proxy_page(again.body) == "nginx"
        if passing is not None and not is_own and again.status != 403:
            in_location = (
                permits_others(match)
                and match.block.name == "location"
                and again.status in {404, 405}
            )
            return _Refuser(
                passing.args[0],
                place=file_line(passing),
                evidence=config,
                match=match if in_location else None,
            )
    return None


def _rule(
    evidence: Evidence, server: "Server", match: "LocationMatch", path: str, status: int
) -> "Directive | None":
    """Return what nginx refuses every preflight by, with this status."""
    from diagnose.parsers.nginx.access_phases import possible_results
    from diagnose.parsers.nginx.access_rules import ClientRequest, limit_except_blocks
    from diagnose.parsers.nginx.config import children

    target = evidence.target
    scheme = "https" if target.uses_tls else "http"
    request = ClientRequest(
        "", target.host, path, scheme, target.port, method="OPTIONS",
        fields=(("origin", UNKNOWN_ORIGIN),),
    )  # fmt: skip
    results = possible_results(server, request)
    decided = results[0].decided_by if len(results) == 1 else None
    if decided is not None and not results[0].personal and results[0].status == status:
        return decided
    for block in limit_except_blocks(match, "OPTIONS") if status == 403 else ():
        if any(rule.args == ("all",) for rule in children(block, "deny")):
            return block
    password = match.directive("auth_basic") if status == 401 else None
    return password if password is not None and password.args[:1] != ("off",) else None
