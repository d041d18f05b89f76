"""The server refuses a request of a program (403, 406, a closed connection) and answers the same
request with the header fields of a browser. That is no fault for visitors; monitors, crawlers and
clients of an interface are shut out too."""

from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.parsers.http import browser_page


@check(severity=Severity.NOTE, needs=[Exchange], needs_fault=[Exchange])
def programs_refused(evidence: Evidence) -> Iterator[Claim]:
    pairs = [
        (page, served)
        for page in evidence.of(Exchange)
        if page.purpose == "target" and (served := browser_page(evidence, page))
    ]
    if not pairs:
        return
    page, served = pairs[0]
    subjects = endpoint_subjects([refused for refused, _ in pairs])
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(exchange for pair in pairs for exchange in pair),
        facts={
            "url": page.url,
            "status": "" if page.failure else page.status,
            "reason": page.reason,
            "served": served.status,
            "command": served.equivalent,
        },
        fix=Fix((Manual("let-programs-in", Where.SERVER),), Applicability.MANUAL),
    )
