"""A page of a single-page application goes to the program behind nginx, which has no such path and
answers 404: `try_files $uri $uri/ @api`, or a location that passes everything on but the files of
the application (ngx_http_core_module, "try_files").

The addresses of such an application exist in the browser only: its page is a file of nginx's, and a
reload or a link sends a request that has to be answered with it. Whether a path is the
application's, its script shows; without the script's table it is only possible.
"""

import posixpath
from collections.abc import Iterator
from urllib.parse import urlsplit

from checks.http import endpoint_subjects
from checks.http._client_routes import route_confidence, route_severity
from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import closes_nothing, location_fix
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
from diagnose.model.files import PageFileAccess
from diagnose.model.frozen import frozen
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import ClientRoute
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, match_location, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_NAME = "@application_page"


@frozen(eq=False)
class _PassedRoute:
    """The location that passes a path on, by which line, and that of the application's page."""

    server: Server
    match: LocationMatch
    directive: Directive
    front: LocationMatch
    root: Directive


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, ClientRoute],
    explains=["http.client-route-missing", "http.page-refused", "upstream.own-answer"],
)
def client_route_passed_on(evidence: Evidence) -> Iterator[Claim]:
    pages = page_exchanges(evidence)
    routes = sorted(evidence.good(ClientRoute), key=lambda route: not route.is_named)
    if not pages or not routes or any(page.status != 404 for page in pages):
        return
    nginx, route = Nginx.of(evidence), routes[0]
    path, front = evidence.target.path_without_query, urlsplit(route.front).path
    passed = _passed_route(nginx, path, front)
    if passed is None or proxy_page(pages[0].body):
        return
    subjects, confidence = endpoint_subjects(pages), route_confidence(pages, route)
    try_files = passed.front.directive("try_files")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, route, *nginx.configs),
        confidence=confidence,
        severity=route_severity(evidence, confidence),
        location=nginx.location(passed.directive),
        facts={
            "url": pages[0].url,
            "path": path,
            "front": route.front,
            "script": route.script,
            "named": route.is_named,
            "directive": passed.directive.text,
            "place": file_line(passed.directive),
            "location": passed.match.block.text,
            "fallback": try_files.text
            if try_files and try_files.args[-1:] == passed.match.block.args
            else "",
            "index": f"{front}index.html",
        },
        fix=_fix(nginx, passed, f"{front}index.html")
        or Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL),
    )


def _passed_route(nginx: Nginx, path: str, front: str) -> _PassedRoute | None:
    """Return how nginx passes a path on while it has the page of the application itself; None where
    server blocks differ, or a rule may lead elsewhere that cannot be computed."""
    ways = []
    for selected in () if nginx.is_refused else nginx.answering_servers():
        server = selected.server
        match, place = final_location(server, path), match_location(server, front)
        directive, served = pass_directive_of(match), served_file(place, front)
        if directive is None or served is None or has_unknown_rules(server, path):
            return None
        # A fallback to a file (`try_files $uri /index.html`) whose path the program happens to
        # take is a wrong one, and not what passes the application's addresses on.
        chosen = select_location(server, path)
        if chosen.block is not match.block and not _falls_back_to(chosen, match):
            return None
        # With a fallback, the page might be the program's: then its file has to be there.
        if pass_directive_of(final_location(server, front)) and not _has_page(nginx, served):
            return None
        ways.append(_PassedRoute(server, match, directive, place, served.directive))
    is_clear = len({file_line(way.directive) for way in ways}) == 1
    return ways[0] if is_clear else None


def _falls_back_to(chosen: LocationMatch, named: LocationMatch) -> bool:
    """Return whether the `try_files` of a location leads to another one by its name (@api)."""
    try_files = chosen.directive("try_files")
    last = try_files.args[-1:] if try_files else ()
    return bool(last) and last == named.block.args and last[0].startswith("@")


def _has_page(nginx: Nginx, front: ServedFile) -> bool:
    index = posixpath.join(front.path, "index.html")
    return any(
        access.mistake == "fallback" and access.elsewhere == index
        for access in nginx.evidence.good(PageFileAccess)
    )


def _fix(nginx: Nginx, passed: _PassedRoute, index: str) -> Fix | None:
    """Answer the program's 404 with the application's page where a browser asks for a page, and
    with a 404 where a script asks for data. None where the page may be closed to some, or errors
    have pages already."""
    block, server = passed.match.block, passed.server.block
    family = passed.directive.name.removesuffix("_pass")
    if passed.front.block.name == "location" and not closes_nothing(passed.front.block):
        return None
    if passed.root.name != "root" or passed.match.directives("error_page"):
        return None
    if children(block, f"{family}_intercept_errors"):
        return None
    file, outer = nginx.file(block), nginx.file(server)
    is_taken = any(line.args[:1] == (_NAME,) for line in walk(server.block or ()))
    is_own = passed.directive in (block.block or ())
    if file is None or outer is None or is_taken or block.name != "location" or not is_own:
        return None
    lines = [f"{family}_intercept_errors on;", f"error_page 404 = {_NAME};"]
    inherits = passed.root in children(server, "root")
    page = [
        *([] if inherits else [edits.one_line(outer.text, passed.root)]),
        "if ($http_accept !~ text/html) { return 404; }",
        f"try_files {index} =404;",
    ]
    changes: Changes = {}
    changes.setdefault(block.file, []).append(
        edits.insert_after(file.text, passed.directive, lines)
    )
    changes.setdefault(server.file, []).append(
        edits.insert_last(
            outer.text, server, [f"location {_NAME} {{", *(f"  {line}" for line in page), "}"]
        )
    )
    return location_fix(nginx, passed.match, config_edits(nginx, changes), sure=False)
