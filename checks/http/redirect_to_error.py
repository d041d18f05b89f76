"""The page redirects to another page of the same site, and that page does not exist or fails.

The page itself answers with a redirect, so that it looks healthy. A page that wants a login, or
that is forbidden, may be meant.
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import is_own_origin

#: Statuses of a page that is not there (RFC 9110 section 15.5.5 and 15.5.11).
_MISSING = {404, 410}


@check(severity=Severity.ERROR, needs=[Exchange], explains=["server.own-answer"])
def redirect_to_error(evidence: Evidence) -> Iterator[Claim]:
    first = list(exchanges_by_purpose(evidence, "target"))
    ends = [
        exchange
        for exchange in exchanges_by_purpose(evidence, "redirect")
        if exchange.status in _MISSING or (exchange.status or 0) >= 500
        if is_own_origin(evidence.target, exchange.url)
    ]
    if not first or not ends or any((page.status or 999) >= 400 for page in first):
        return
    last, subjects = ends[-1], endpoint_subjects(first)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*first, *ends),
        severity=Severity.WARNING if last.status in _MISSING else None,
        facts={
            "url": first[0].url,
            "location": last.url,
            "status": last.status or "",
            "addresses": addresses(first),
            "missing": last.status in _MISSING,
        },
        fix=Fix((Manual("look-at-both", Where.SERVER),), Applicability.MANUAL),
    )
