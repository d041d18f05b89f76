"""The application takes all visitors for one, and refuses them together with 429: it counts by the
address of the connection, which is nginx's, and does not believe the field that names the visitor
(X-Forwarded-For).

The evidence is the application itself. Visitors whom nobody has seen yet are refused as well, or
each has one request less left than the one before; another address of the server, that asks without
nginx, is not. Where it cannot be asked so, an application may have one limit for all on purpose.
express-rate-limit says it in its own words: ERR_ERL_UNEXPECTED_X_FORWARDED_FOR.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from checks.http import _fronts, addresses, endpoint_subjects
from checks.http._known_application import own_setting
from checks.nginx import Nginx, file_line
from checks.nginx._visitor_address import address_fix
from checks.upstream._comparisons import proxied_match
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import CountedRequest
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.rate_limits import says_trust_is_off

TOO_MANY = 429
_FRAMEWORKS = ("express", "aspnet", "flask", "rails", "laravel", "uvicorn")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    needs_fault=[CountedRequest],
    explains=[
        "http.program-limit",
        "http.program-limit-told",
        "upstream.own-answer",
        "http.server-error",
        "nginx.other-requests-failed",
    ],
)
def visitor_not_believed(evidence: Evidence) -> Iterator[Claim]:
    requests = list(evidence.good(CountedRequest))
    confidence = _confidence(requests, _is_told(evidence))
    if confidence is None:
        return
    nginx, first = Nginx.of(evidence), requests[0]
    match = proxied_match(nginx, first.path)
    if match is None:
        return
    directive = proxy_pass_of(match) or match.block
    pages = page_exchanges(evidence)
    is_refused = first.status == TOO_MANY
    manual = Fix((Manual("trust-the-proxy", Where.APPLICATION),), Applicability.MANUAL)
    framework = _framework(evidence, pages)
    peer = next((request for request in requests if request.asker == "peer"), None)
    from checks.upstream._own_remedy import source_remedy, with_own_remedy

    proxies = _proxies(nginx)
    claim = Claim(
        about=Subject(port=evidence.target.port, path=first.path, text=file_line(directive)),
        covers=endpoint_subjects(pages) if is_refused else (),
        because=(*pages, *requests, *nginx.configs),
        severity=None if is_refused else Severity.WARNING,
        confidence=confidence,
        is_reported=_is_reported(evidence),
        location=nginx.location(directive),
        facts={
            "url": pages[0].url if pages else evidence.target.url,
            "application": first.endpoint,
            "place": file_line(directive),
            "refused": is_refused,
            "fields": first.fields,
            "visitors": tuple(request.source for request in requests if request.asker == "visitor"),
            "left": () if is_refused else _remaining_requests(requests),
            "peer": peer.source if peer else "",
            "command": next(
                request.equivalent for request in requests if request.asker == "visitor"
            ),
            "proxies": proxies,
            **{each: each == framework for each in _FRAMEWORKS},
            "other": framework not in _FRAMEWORKS,
            **own_setting(evidence, "trusted_proxy", of_frameworks=False),
        },
        fix=manual if first.fields else address_fix(nginx, match, manual.steps) or manual,
    )
    claim = with_own_remedy(evidence, claim, "trusted_proxy", of_frameworks=False)
    # The line of a framework trusts one proxy.
    own = source_remedy(evidence, "trusted_proxy") if proxies == 1 and claim.fix == manual else None
    if own is not None:
        read, remedy = own
        facts = {**claim.facts, **remedy.facts}
        claim = replace(claim, because=(*claim.because, read), facts=facts, fix=remedy.fix)
    yield claim


def _is_told(evidence: Evidence) -> bool:
    symptom = evidence.target.symptom
    return symptom is not None and says_trust_is_off(symptom.text)


def _is_reported(evidence: Evidence) -> bool:
    """Return whether a message is about the limit, if it is not used up now."""
    symptom = evidence.target.symptom
    return symptom is not None and symptom.kind == "status" and symptom.number == TOO_MANY


def _confidence(requests: Sequence[CountedRequest], is_told: bool) -> Confidence | None:
    """Return how sure it is that all visitors are one for the application; None if it is not so."""
    visitors = [request for request in requests if request.asker == "visitor"]
    peer = next((request for request in requests if request.asker == "peer"), None)
    if len(visitors) < 2 or requests[0].asker != "proxy":
        return None
    if requests[0].status == TOO_MANY:
        is_one = all(request.status == TOO_MANY for request in visitors)
        is_own = peer is not None and 200 <= (peer.status or 0) < 400
        is_for_all = peer is not None and not is_own
    else:
        row = [request.remaining for request in (requests[0], *visitors)]
        left = [number for number in row if number is not None]
        is_one = len(left) == len(row) and all(after < before for before, after in pairwise(left))
        rest = peer.remaining if peer else None
        is_own = is_one and rest is not None and rest > left[-1]
        is_for_all = rest is not None and not is_own
    if not is_one or (is_for_all and not is_told):
        return None
    if is_own:
        return Confidence.CERTAIN
    return Confidence.LIKELY if is_told else Confidence.POSSIBLE


def _remaining_requests(requests: Sequence[CountedRequest]) -> tuple[str, ...]:
    """Return how many requests were left after each that came as nginx's."""
    asked = (request for request in requests if request.asker != "peer")
    return tuple(str(each.remaining) for each in asked if each.remaining is not None)


def _proxies(nginx: Nginx) -> int:
    """Return how many proxies are between a visitor and the application: nginx, and what is in
    front of it, unless nginx takes the visitor's address from that one's field."""
    pages = page_exchanges(nginx.evidence)
    takes = any(
        selected.server.directives("set_real_ip_from") for selected in nginx.answering_servers()
    )
    return 2 if _fronts.fronts(nginx.evidence, addresses(pages)) and not takes else 1


def _framework(evidence: Evidence, pages: Sequence[Exchange]) -> str:
    """Return the framework that an answer names, "" if none."""
    if _is_told(evidence):
        return "express"
    for page in pages:
        powered = (page.header("X-Powered-By") or "").lower()
        server = (page.header("Server") or "").lower()
        cookies = (page.header("Set-Cookie") or "").lower()
        if powered == "express":
            return "express"
        if "kestrel" in server or "asp.net" in powered:
            return "aspnet"
        if "werkzeug" in server:
            return "flask"
        if page.header("X-Runtime"):
            return "rails"
        if "laravel" in cookies or "xsrf-token=" in cookies:
            return "laravel"
        if "uvicorn" in server:
            return "uvicorn"
    return ""
