"""A page of a single-page application answers 404: its address exists in the browser only, and the
server has no fallback to the application's page (HTML standard, History: pushState; "history mode"
of Vue Router, BrowserRouter of React Router, PathLocationStrategy of Angular).

The site's other page shows nothing until its scripts have run, and one of them names the path as a
page of its own; or it switches such addresses on, and what answers is a program's own page for a
file that it does not have. Inside the application the address works, because no request is made.
"""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.http._client_routes import route_confidence, route_severity
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
from diagnose.model.pages import ClientRoute
from diagnose.parsers.http import serves_files_alone


@check(
    severity=Severity.WARNING,
    needs=[ClientRoute, Exchange],
    needs_fault=[Exchange],
    explains=["http.page-refused", "nginx.own-answer", "server.own-answer", "upstream.own-answer"],
)
def client_route_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(evidence.target)]
    is_of_files = all(serves_files_alone(page.status, page.body) for page in pages)
    routes = [
        route
        for route in evidence.good(ClientRoute)
        if route.is_named or (route.source == "history" and is_of_files)
    ]
    if not pages or not routes or any(page.status != 404 for page in pages):
        return
    subjects, confidence = endpoint_subjects(pages), route_confidence(pages, routes[0])
    folder = urlsplit(routes[0].front).path
    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, routes[0]),
        confidence=confidence,
        severity=route_severity(evidence, confidence),
        facts={
            "url": pages[0].url,
            "path": urlsplit(pages[0].url).path,
            "front": routes[0].front,
            "script": routes[0].script,
            "named": routes[0].is_named,
            "folder": folder,
            "index": f"{folder}index.html",
        },
        fix=Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL),
    )
    yield _with_error_page(evidence, claim) if is_of_files and folder == "/" else claim


def _with_error_page(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the edit of the program that serves the application's files."""
    # Imported late: few programs have such a file.
    from checks.upstream._own_remedy import source_remedy

    own = source_remedy(evidence, "client_route")
    if own is None:
        return claim
    read, remedy = own
    facts = {**claim.facts, **remedy.facts}
    return replace(claim, because=(*claim.because, read), facts=facts, fix=remedy.fix)
