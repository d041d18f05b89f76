"""nginx passes a path on to itself, and the site's own page answers it: the address in proxy_pass
is the site's, and its block sends every path that is no file to index.html (try_files). The
interface that was meant gets a page with status 200, and the application is never asked.

It happens where proxy_pass has the server's address without the application's port. A program says
"Unexpected token '<'", or shows no data.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream import CONSEQUENCES
from checks.upstream._listening import listening_facts, only_program_fix
from checks.upstream._own_sockets import own_attempts, server_behind
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface
from diagnose.parsers.http import document_kind
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.final_requests import final_location, final_request
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    literal_prefix,
    location_pattern,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import ProxyTarget


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, UpstreamTry, Interface],
    explains=(*CONSEQUENCES, "http.page-for-api"),
)
def answered_by_own_page(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.is_refused:
        return
    directives: dict[int, _WayBack] = {}
    for selection in nginx.answering_servers():
        for match in all_locations(selection.server):
            way = _way_back(nginx, selection.server, match)
            if way:
                directives.setdefault(id(way.proxy_target.directive), way)
    for way in directives.values():
        yield _claim(nginx, way)


@frozen(eq=False)
class _WayBack:
    """A location whose requests come back to the block of the location, where the page's fallback
    answers them. `path` is one of its paths, `fallback` the last argument of try_files."""

    match: LocationMatch
    proxy_target: ProxyTarget
    attempt: UpstreamTry
    path: str
    inner_path: str
    fallback: str


def _way_back(nginx: Nginx, server: Server, match: LocationMatch) -> _WayBack | None:
    target = nginx.evidence.target
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    prefix = literal_prefix(pattern) if pattern else ""
    if not prefix:
        return None
    is_asked = final_location(server, target.path).block is match.block
    path = target.path if is_asked else f"{prefix}/status"
    proxy_target = upstreams.proxy_target_of(match, upstreams.route_variables(target, match, path))
    host = proxy_target and proxy_headers.forwarded_host(match, proxy_target, target)
    for attempt in own_attempts(nginx, proxy_target) if proxy_target and host else ():
        inner = server_behind(nginx, host or "", attempt)
        if inner is None or inner.block is not server.block or proxy_target is None:
            continue
        inner_path = upstreams.requested_path(match, proxy_target, path)
        fallback = _fallback(inner, inner_path)
        if fallback:
            return _WayBack(match, proxy_target, attempt, path, inner_path, fallback)
    return None


def _fallback(server: Server, path: str) -> str:
    """Return the page that answers this path in the block, as the last argument of try_files; "" if
    something else answers it."""
    location = select_location(server, path)
    try_files = location.directive("try_files")
    last = try_files.args[-1] if try_files and try_files.args else ""
    final, final_path = final_request(server, path)
    is_page = final_path.partition("?")[0].endswith((".html", ".htm"))
    return last if is_page and upstreams.pass_directive_of(final) is None else ""


def _claim(nginx: Nginx, way: _WayBack) -> Claim:
    evidence, directive = nginx.evidence, way.proxy_target.directive
    pages = _pages(evidence) if way.path == evidence.target.path else ()
    return Claim(
        about=Subject(port=evidence.target.port, path=way.path, text=file_line(directive)),
        covers=(Subject(port=evidence.target.port, path=way.path),),
        because=(way.attempt, *pages, *nginx.configs),
        facts={
            "path": way.path,
            "asked": bool(pages),
            "inner": way.inner_path,
            "location": way.match.block.text,
            "place": file_line(directive),
            "target": way.proxy_target.target,
            "endpoint": way.attempt.endpoint,
            "page": way.fallback,
            **listening_facts(evidence),
        },
        # A file of the same site may be meant, and then its path is a file.
        confidence=Confidence.LIKELY,
        severity=None if pages else Severity.NOTE,
        location=nginx.location(directive),
        fix=only_program_fix(nginx, way.proxy_target, "name-the-application"),
    )


def _pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the answers to the asked path that are a page with status 200."""
    return tuple(
        answer
        for answer in page_exchanges(evidence)
        if answer.status == 200 and document_kind(answer.body) == "html"
    )
