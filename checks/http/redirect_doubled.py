"""The redirect leads to two addresses, written behind each other: `Location:
https://www.example.comhttps://example.com/shop`. No such host exists. Where a line writes the whole
address in the place of the path, HTTP/2 alone may have it, which browsers use.
"""

import re
from collections.abc import Iterator

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
from diagnose.model.http import BrowserVisit, Exchange, header
from diagnose.parsers.sanitize import clean

#: A second scheme in the place of the host, or behind it.
_DOUBLED = re.compile(r"(?i)(https?://[^/?#\s]{0,253}?)(https?:/{1,2}[^/\s].{0,2000})")


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    needs_fault=[Exchange, BrowserVisit],
    explains=["http.redirect-wrong-host", "http.redirect-to-error", "http.redirect-drops-path"],
)
def redirect_doubled(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    pages = [page for page in evidence.good(Exchange) if page.purpose in {"target", "plain"}]
    visits: list[Exchange | BrowserVisit] = [*pages, *evidence.good(BrowserVisit)]
    answers = [
        answer
        for answer in visits
        if 300 <= (answer.status or 0) < 400 and _DOUBLED.match(_location(answer))
    ]
    match = _DOUBLED.match(_location(answers[0])) if answers else None
    if match is None:
        return
    first, before, onward = answers[0], match[1], match[2]
    well = [
        page for page in pages if page.purpose == "target" and page.status and page not in answers
    ]
    subjects = tuple(
        Subject(port=port, path=target.path_without_query)
        for port in dict.fromkeys(answer.port for answer in answers)
    )
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(*answers, *well),
        confidence=Confidence.CERTAIN,
        facts={
            "url": first.url,
            "status": first.status or "",
            "location": clean(_location(first), 300),
            "before": clean(before, 300),
            "onward": clean(onward, 300),
            "http2": first.version == "HTTP/2" and bool(well),
        },
        fix=Fix((Manual("write-one-address", Where.SERVER),), Applicability.MANUAL),
    )


def _location(answer: Exchange | BrowserVisit) -> str:
    return (header(answer.headers, "Location") or "").strip()
