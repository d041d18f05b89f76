"""The page is not the site's: a hop on the way answers that it has no site for this name, or that
the tunnel to the server is not connected; or visitors get the page of a package that was just
installed.
"""

from collections.abc import Iterator

from checks.http import addresses, endpoint_subjects, exchanges_by_purpose, shown_pages
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange
from diagnose.parsers.stray_pages import PageKind, StrayPage, stray_page

_STEPS: dict[PageKind, str] = {
    "unknown-name": "add-the-name",
    "tunnel": "connect",
    "record": "correct-the-record",
    "stopped": "start-it-again",
    "default": "own-site",
}


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.server-error",
        "http.no-redirect",
        "server.redirect-missing",
        "server.own-answer",
        "upstream.own-answer",
        "upstream.application-log",
        "websocket.not-upgraded",
    ],
)
def not_the_site(evidence: Evidence) -> Iterator[Claim]:
    visits = shown_pages(evidence)
    pages = [(visit, stray_page(visit.status, visit.body)) for visit in visits]
    strays = [(visit, page) for visit, page in pages if page]
    if not strays:
        return
    visit, page = strays[0]
    # A wrong certificate, or a WebSocket that was asked for, is the better question.
    if page.kind == "default" and (evidence.target.websockets or not visit.verified):
        return
    exchanges = [exchange for exchange, stray in strays if stray == page]
    subjects = endpoint_subjects(exchanges)
    # A redirect to such a page would take the site away from those who have it over http.
    plain = endpoint_subjects(exchanges_by_purpose(evidence, "plain"))
    covered = (*subjects, *plain, Subject(port=80)) if visit.url.startswith("https:") else subjects
    yield Claim(
        about=merge_subjects(subjects),
        covers=covered,
        because=tuple(exchanges),
        severity=Severity.WARNING if page.kind == "default" else None,
        facts={
            "url": visit.url,
            "host": evidence.target.host,
            "status": visit.status or "",
            "addresses": addresses(exchanges),
            "product": page.product,
            "unknown_name": page.kind == "unknown-name",
            "tunnel": page.kind == "tunnel",
            "record": page.kind == "record",
            "stopped": page.kind == "stopped",
            "default": page.kind == "default",
        },
        fix=_fix(page),
    )


def _fix(page: StrayPage) -> Fix:
    side = Where.SERVER if page.kind == "default" else Where.CLOUD_CONSOLE
    step = _STEPS[page.kind]
    place = Where.APPLICATION if page.kind == "tunnel" else side
    return Fix((Manual(step, place),), Applicability.MANUAL)
