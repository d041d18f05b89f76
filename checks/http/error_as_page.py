"""The page comes with status 200, and its own words say that the site failed: the application does
not reach its database, PHP stopped at an error, or a page of maintenance is shown.

Browsers show it, caches keep it, and monitoring calls it healthy. The words have to be the whole
title, heading or body: a page about such an error says more. An interface that answers
{"code": 500} may only refuse this request: a note.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, shown_pages
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.failed_pages import FailureReason, failed_page

_REASONS: tuple[FailureReason, ...] = ("database", "script", "error", "maintenance")


@check(severity=Severity.ERROR, needs=[Exchange])
def error_as_page(evidence: Evidence) -> Iterator[Claim]:
    failed = [
        (page, failure)
        for page in shown_pages(evidence)
        if page.status == 200 and (failure := failed_page(page.body))
    ]
    if not failed:
        return
    first, failure = failed[0]
    pages = tuple(page for page, other_failure in failed if other_failure.reason == failure.reason)
    subjects = endpoint_subjects(pages)
    severity = Severity.WARNING if failure.reason == "maintenance" else None
    if failure.only_number:
        severity = Severity.NOTE
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY,
        severity=severity,
        facts={
            "url": first.url,
            "words": failure.words,
            "number": failure.only_number,
            **{reason: reason == failure.reason for reason in _REASONS},
        },
        fix=Fix((Manual(failure.reason, Where.APPLICATION),), Applicability.MANUAL),
    )
