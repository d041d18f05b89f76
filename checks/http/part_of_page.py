"""The page answers with a status that only another request gets: 206 without a Range in the request
(RFC 9110 section 15.3.7), or 304 without a condition (section 15.4.5).

Browsers show a part of the page, or nothing. A cache in front has kept such an answer and gives it
to everybody.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
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
from diagnose.model.http import Exchange, header
from diagnose.parsers.lazy_pattern import lazy_pattern

#: The fields of a request to which such an answer belongs, in the command that says what was sent.
_ASKED = lazy_pattern(r"\b(?:Range|If-(?:None-Match|Modified-Since|Range|Match)):", re.IGNORECASE)

#: Fields of a cache in front.
_CACHES = ("X-Cache", "CF-Cache-Status", "X-Proxy-Cache", "X-Cache-Status", "Via", "Age")


@check(severity=Severity.ERROR, needs=[Exchange])
def part_of_page(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        page
        for page in exchanges_by_purpose(evidence, "target")
        if page.status in {206, 304} and not _ASKED.search(page.equivalent)
    )
    if not pages or evidence.target.is_websocket:
        return
    first, subjects = pages[0], endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        facts={
            "url": first.url,
            "status": first.status or "",
            "part": first.status == 206,
            "cache": _cache(first),
        },
        fix=Fix((Manual("empty-the-cache", Where.SERVER),), Applicability.MANUAL),
    )


def _cache(page: Exchange) -> str:
    return next((name for name in _CACHES if header(page.headers, name)), "")
