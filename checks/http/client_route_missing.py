"""A page of a single-page application answers 404: its address exists in the browser only, and the
server has no fallback to the application's page (HTML standard, History: pushState; "history mode"
of Vue Router, BrowserRouter of React Router, PathLocationStrategy of Angular).

The site's other page shows nothing until its scripts have run, and one of them names the path as a
page of its own. Inside the application the address works, because no request is made.
"""

from collections.abc import Iterator
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


@check(
    severity=Severity.WARNING,
    needs=[ClientRoute, Exchange],
    needs_fault=[Exchange],
    explains=["http.page-refused", "nginx.own-answer", "server.own-answer", "upstream.own-answer"],
)
def client_route_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Exchange) if page.is_page_of(evidence.target)]
    routes = [route for route in evidence.good(ClientRoute) if route.is_named]
    if not pages or not routes or any(page.status != 404 for page in pages):
        return
    subjects, confidence = endpoint_subjects(pages), route_confidence(pages, routes[0])
    folder = urlsplit(routes[0].front).path
    yield Claim(
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
            "folder": folder,
            "index": f"{folder}index.html",
        },
        fix=Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL),
    )
