"""The address of an interface answers with the page of the site: the fallback of a single-page
application takes a path that no rule passes on. A program reads it and says "Unexpected token '<'
… is not valid JSON".

The page shows nothing without its scripts, as such applications do: a description of an interface
is a page too. That an address is one of an interface is known by its path, or because the page's
own script reads data from it. A route of the application (`/auth/login`) answers with the page too,
and is none. After such a message every page in the place of an interface counts
(`error_page 404 =200 /index.html` leads there as well).
"""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from checks.http import _page_files, exchanges_by_purpose
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
)
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.web_servers import WebServer
from diagnose.parsers.http import document_kind

if TYPE_CHECKING:
    from checks.nginx import Nginx
    from checks.server.caddy_path_taken import UnusedPass
    from diagnose.parsers.nginx.commented_blocks import CommentedLocation

#: `/api/users`, `/rest/v1/orders`, `/prod-api/user`: something stands behind the word. Vue Element
#: Admin and RuoYi build with `VUE_APP_BASE_API = '/prod-api'`. Socket.IO and Engine.IO answer with
#: no page at all.
_INTERFACE = re.compile(
    r"/(?:[a-z]{1,20}-)?(?:api|rest)/[^?]{1,400}|/(?:socket|engine)\.io/", re.IGNORECASE
)
_DESCRIPTION = re.compile(
    r"/(?:docs?|swagger[\w-]*|redoc|explorer|console|playground|graphiql|ui|admin|reference)\b"
    r"|\.html?\b",
    re.IGNORECASE,
)
#: Chromium of a stream of events: a program reads the address in the message.
_STREAM = re.compile(r"EventSource['’]s response has a MIME type")


@check(severity=Severity.WARNING, needs=[Page, Exchange], names_requests=True)
def page_for_api(evidence: Evidence) -> Iterator[Claim]:
    page, symptom = _page_files.page_of(evidence), evidence.target.symptom
    is_reported = symptom is not None and symptom.kind == "data"
    if page is None or not (page.is_empty or is_reported):
        return
    own, data = _pages(evidence, "target", "redirect"), _pages(evidence, "data")
    path = evidence.target.path_without_query
    script = _reading_script(evidence, page, path)
    is_told = _is_stream(evidence)
    if page.url == evidence.target.url and (_is_interface(path) or script or is_told):
        answers = tuple(answer for answer in own if answer.purpose == "target")
        if answers:
            yield _claim(evidence, page, answers, path, script)
        return
    if not page.is_empty:
        return
    shells = {answer.body for answer in own if answer.url == page.url}
    for answer in data:
        path = answer.url.removeprefix(evidence.target.origin)
        if answer.body in shells and not _DESCRIPTION.search(path):
            script = _reading_script(evidence, page, path)
            yield _claim(evidence, page, (answer,), path, script)
            return


def _is_stream(evidence: Evidence) -> bool:
    """Return whether a message says that a script reads a stream of events at the target."""
    symptom = evidence.target.symptom
    return symptom is not None and _STREAM.search(symptom.text) is not None


def _is_interface(path: str) -> bool:
    return bool(_INTERFACE.search(path)) and not _DESCRIPTION.search(path)


def _pages(evidence: Evidence, *purposes: str) -> tuple[Exchange, ...]:
    """Return the HTML documents that came with status 200."""
    return tuple(
        answer
        for purpose in purposes
        for answer in exchanges_by_purpose(evidence, purpose)
        if answer.status == 200 and document_kind(answer.body) == "html"
    )


def _reading_script(evidence: Evidence, page: Page, path: str) -> str:
    """Return the address of the script, or of the page, whose program reads data from the path; ""
    if none does."""
    readers: tuple[Page | PageFileResponse, ...]
    readers = (page, *evidence.good(PageFileResponse))
    return next((reader.url for reader in readers if path in reader.data_paths), "")


def _claim(
    evidence: Evidence, page: Page, answers: tuple[Exchange, ...], path: str, script: str
) -> Claim:
    # Imported late: few pages stand in the place of data.
    from checks.http._near_rules import near_fix, near_rule
    from checks.nginx import Nginx, file_line
    from checks.nginx._intercepted_errors import intercepted, intercepted_fix
    from checks.nginx.rewrite_leaves_location import departure_fix, find_departure

    nginx = Nginx.of(evidence)
    hidden = intercepted(nginx, path)
    departure = None if hidden else find_departure(nginx, path.partition("?")[0], answers[0])
    fix = intercepted_fix(nginx, hidden) if hidden else None
    if departure and departure_fix(nginx, departure).edits:
        fix = departure_fix(nginx, departure)
    port = evidence.target.port
    servers = {
        web_server.product for web_server in evidence.good(WebServer) if port in web_server.ports
    }
    near = None if fix or hidden or departure else near_rule(nginx, path.partition("?")[0])
    fix = near_fix(nginx, near) if near else fix
    unused = None if fix or hidden or departure or near else _unused_pass(evidence, path)
    fix = unused.fix if unused else fix
    comment = None if fix or hidden or departure or near else _comment(nginx, path)
    fix = comment[1] if comment else fix
    decisive = hidden.error_page if hidden else departure.rule if departure else None
    decisive = near.directive if near else decisive
    return Claim(
        about=_page_files.page_subject(page),
        because=(page, *answers),
        confidence=Confidence.LIKELY,
        location=nginx.location(decisive) if decisive else None,
        facts={
            "url": answers[0].url,
            "path": path,
            "script": script,
            "below": path if script or _is_stream(evidence) else "/api/",
            "replaced": hidden.error_page.text if hidden else "",
            "place": file_line(hidden.error_page) if hidden else "",
            "location": " ".join(("location", *hidden.match.block.args)) if hidden else "",
            "rule": departure.rule.text if departure else "",
            "rule_place": file_line(departure.rule) if departure else "",
            "other": " ".join(("location", *departure.other.block.args)) if departure else "",
            "caddy": "caddy" in servers,
            "near": near.text if near else "",
            "near_place": file_line(near.directive) if near else "",
            "written": near.written if near else "",
            "unused": unused.matcher if unused else "",
            "unused_place": unused.place if unused else "",
            "taker_place": unused.taker_place if unused else "",
            "application": _application(evidence, path),
            "comment": comment[0].path if comment else "",
            "comment_place": f"{comment[0].edit.file}:{comment[0].line}" if comment else "",
        },
        fix=fix
        or Fix((Manual(_step(nginx, servers, bool(hidden)), Where.SERVER),), Applicability.MANUAL),
    )


def _comment(nginx: "Nginx", path: str) -> "tuple[CommentedLocation, Fix] | None":
    """Return the location for the path that stands in a comment."""
    from checks.http._commented_locations import commented_location

    return commented_location(nginx, path.partition("?")[0])


def _unused_pass(evidence: Evidence, path: str) -> "UnusedPass | None":
    """Return Caddy's line for the path that another one comes before."""
    from checks.server import server_on_port
    from checks.server.caddy_path_taken import unused_pass

    view = server_on_port(evidence)
    return unused_pass(view, path.partition("?")[0]) if view else None


def _step(nginx: "Nginx", servers: Collection[str], is_hidden: bool) -> str:
    if is_hidden:
        return "show-errors"
    return "pass-on-first" if servers and nginx.config is None else "pass-on"


def _application(evidence: Evidence, path: str) -> str:
    """Return the address of the only application to which the path may belong, "" if it is not
    known."""
    # Imported late: few pages stand in the place of data.
    from checks.nginx import Nginx
    from checks.nginx._only_application import only_application

    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(path.partition("?")[0])), None)
    return only_application(nginx, match) if match else ""
