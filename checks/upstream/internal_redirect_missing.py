"""The application lets nginx send a file by X-Accel-Redirect (ngx_http_proxy_module,
"proxy_ignore_headers"; ngx_http_core_module, "internal"), and nginx does not find it.

The path of the header belongs to no location of its own, so that the application is asked again
and again (500), or the location's `root` or `alias` leads past the file (404, and a line in the
error log that names another file than the page's).
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import is_in_run, logged_errors
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import LocationMatch, select_location

_CYCLE = r'rewrite or internal redirection cycle while internally redirecting to "([^"]*)"'
_MISSING = r'(?:open|stat)\(\) "([^"]*)" failed \(2: '
#: Directives by which nginx itself leads a request to another path.
_OWN_REDIRECTS = ("error_page", "try_files", "rewrite", "proxy_intercept_errors")


@frozen(eq=False)
class _InternalRedirect:
    """The path or the file that nginx did not find, as its log names it; `path` is the header's,
    "" if it was not seen."""

    line: LogLine
    path: str
    file: str
    header: ComparedRequest | None


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange, LogLine],
    explains=["nginx.redirect-cycle", "http.server-error"],
)
def internal_redirect_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if page.status in {404, 500}]
    matches = list(nginx.location_matches(evidence.target.path))
    match = next((match for match in matches if upstreams.pass_directive_of(match)), None)
    redirect = _internal_redirect(nginx, match) if match and pages else None
    if match is None or redirect is None:
        return
    landing = _landing(nginx, redirect.path) if redirect.path else None
    is_lost = landing is not None and landing.block is match.block
    source = landing.directive("alias") or landing.directive("root") if landing else None
    subjects = endpoint_subjects(pages)
    observations = (redirect.line, redirect.header, nginx.config)
    directive = upstreams.pass_directive_of(match)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *(observation for observation in observations if observation is not None)),
        confidence=Confidence.CERTAIN if redirect.header else Confidence.LIKELY,
        location=nginx.location(landing.block if landing and not is_lost else match.block),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "path": redirect.path,
            "prefix": f"/{redirect.path.split('/')[1]}/" if redirect.path.count("/") > 1 else "",
            "file": redirect.file,
            "message": redirect.line.text,
            "application": directive.args[0] if directive else "",
            "lost": is_lost or not redirect.file,
            "location": _text(landing) if landing and not is_lost else "",
            "place": file_line(landing.block) if landing and not is_lost else "",
            "source": source.text if source else "",
        },
        fix=Fix((Manual("add-location", Where.SERVER),), Applicability.MANUAL),
    )


def _internal_redirect(nginx: Nginx, match: LocationMatch) -> _InternalRedirect | None:
    """Return the redirect inside nginx of this run's request, which only the application can have
    asked for."""
    evidence, path = nginx.evidence, nginx.evidence.target.path
    headers = [
        compared_request
        for compared_request in evidence.good(ComparedRequest)
        if compared_request.internal_redirect
    ]
    header = headers[0] if headers else None
    if header is None and (_is_without_header(evidence) or _leads_elsewhere(match)):
        return None
    for pattern in (_CYCLE, _MISSING):
        for line, log_match in reversed(logged_errors(evidence, pattern, path)):
            is_file = pattern is _MISSING
            is_own = is_in_run(evidence, line) and _is_of_answering_server(nginx, line)
            if is_own and (is_file or log_match[1] != path):
                inner = header.internal_redirect if header else "" if is_file else log_match[1]
                return _InternalRedirect(line, inner, log_match[1] if is_file else "", header)
    return None


def _is_without_header(evidence: Evidence) -> bool:
    """Return whether the application, asked as nginx asks it, answered without X-Accel-Redirect."""
    return any(
        compared_request.part == "none" and compared_request.status is not None
        for compared_request in evidence.good(ComparedRequest)
    )


def _leads_elsewhere(match: LocationMatch) -> bool:
    return any(match.directives(name) for name in _OWN_REDIRECTS)


def _is_of_answering_server(nginx: Nginx, line: LogLine) -> bool:
    """Return whether a line may be of the block that answers the page: the same path was asked for
    on port 80 too. nginx logs the first name of the block (ngx_http_core_server)."""
    blocks = nginx.answering_servers()
    names = {next(iter(selected.server.names), "").removeprefix(".") for selected in blocks}
    return not (names and line.server) or line.server in names


def _landing(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location that answers the path of the header."""
    servers = (selected.server for selected in nginx.answering_servers())
    return next((select_location(server, path) for server in servers), None)


def _text(match: LocationMatch) -> str:
    return match.block.text
