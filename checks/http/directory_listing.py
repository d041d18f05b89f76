"""Visitors get a list of the files in a folder, and no page (nginx autoindex, Apache Indexes).

A server for downloads means it. It is a fault where the list has the files of an application: the
server shows what it should run, or one folder too high, and everybody may read it.
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
from diagnose.parsers.directory_listings import application_files, listed_names


@check(severity=Severity.NOTE, needs=[Exchange])
def directory_listing(evidence: Evidence) -> Iterator[Claim]:
    lists = [
        (page, names)
        for page in shown_pages(evidence)
        if page.status == 200 and (names := listed_names(page.body)) is not None
    ]
    if not lists:
        return
    pages, (first, names) = tuple(page for page, _ in lists), lists[0]
    subjects, files = endpoint_subjects(pages), application_files(names)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY if files else Confidence.CERTAIN,
        severity=Severity.WARNING if files else None,
        facts={"url": first.url, "files": files[:5], "application": bool(files)},
        fix=Fix(
            (Manual("serve" if files else "index", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )
