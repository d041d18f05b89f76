"""The program behind the web server takes all visitors for one, and refuses them together: by the
access log it answered 429 (RFC 6585) to a visitor whose first request that was.

It counts by the address of the connection, which is the web server's. A limit of the whole site, or
of one account, looks the same: so it is likely.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
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
from diagnose.model.requests import CountedRequest
from diagnose.model.visitor import SharedLimit
from diagnose.parsers.nginx.locations import LocationMatch

#: What limits requests in nginx itself.
_OWN_LIMITS = ("limit_req", "limit_conn")


@check(
    severity=Severity.WARNING,
    needs=[SharedLimit],
    explains=[
        "nginx.other-requests-failed", "server.other-requests-failed", "http.program-limit-told",
    ],
)  # fmt: skip
def visitors_counted_as_one(evidence: Evidence) -> Iterator[Claim]:
    limit = next(iter(evidence.good(SharedLimit)), None)
    # The program was asked itself: that says more.
    if limit is None or evidence.good(CountedRequest):
        return
    nginx, match = Nginx.of(evidence), None
    if limit.server == "nginx":
        from checks.upstream._comparisons import proxied_match

        match = proxied_match(nginx, limit.path)
        if match is None or any(match.directives(name) for name in _OWN_LIMITS):
            return
    yield _claim(evidence, limit, nginx, match)


def _claim(
    evidence: Evidence, limit: SharedLimit, nginx: Nginx, match: LocationMatch | None
) -> Claim:
    # Imported late: few visitors are refused together.
    from checks.http._known_application import own_setting
    from checks.nginx._visitor_address import address_fix, passes_address
    from checks.upstream._own_remedy import own_remedy
    from diagnose.parsers.rate_limits import is_about_limits

    symptom = evidence.target.symptom
    is_told = symptom is not None and (symptom.number == 429 or is_about_limits(symptom.text))
    is_passed = match is None or passes_address(match)
    manual = Fix((Manual("trust-the-proxy", Where.APPLICATION),), Applicability.MANUAL)
    claim = Claim(
        about=Subject(port=evidence.target.port, path=limit.path),
        covers=(Subject(port=evidence.target.port),),
        because=(limit, *(nginx.configs if match else ())),
        # A program that asks again and again may be meant to be refused.
        severity=None if is_told or limit.is_from_page else Severity.NOTE,
        confidence=Confidence.LIKELY,
        is_reported=is_told,
        location=nginx.location(match.block) if match else None,
        facts={
            "method": limit.method,
            "path": limit.path,
            "visitors": limit.clients,
            "first": limit.first,
            "time": limit.written,
            "admitted": limit.admitted,
            "log": limit.file,
            "place": file_line(match.block) if match else "",
            "passed": is_passed,
            "command": limit.equivalent,
            **own_setting(evidence, "trusted_proxy"),
        },
        fix=manual,
    )
    if match is not None and not is_passed:
        return replace(claim, fix=address_fix(nginx, match, manual.steps) or manual)
    remedy = own_remedy(evidence, "trusted_proxy")
    if remedy is None:
        return claim
    return replace(claim, fix=remedy.fix, facts={**claim.facts, **remedy.facts})
