"""`sub_filter` changes nothing for browsers, because the application compresses its pages: nginx
passes the browser's Accept-Encoding on, and replaces text in what is not compressed only
(ngx_http_sub_module).

A test with curl shows nothing of it: curl asks for no compression. The evidence is a page that a
browser gets compressed, and that the application itself compresses, asked directly.
"""

from collections.abc import Iterator

from checks.http._compressed_pages import FIELD, compressed_page
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import BrowserVisit, header
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx.locations import LocationMatch


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, BrowserVisit, ComparedRequest],
    explains=["http.base-path-missing", "http.page-file-missing", "http.page-file-type"],
)
def sub_filter_compressed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    compressed = compressed_page(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    filters = match.directives("sub_filter") if match else ()
    if compressed is None or match is None or not filters:
        return
    visit, answer = compressed
    yield Claim(
        about=Subject(address=visit.address, port=visit.port, path=evidence.target.path),
        because=(visit, answer, *nginx.configs),
        confidence=Confidence.CERTAIN,
        location=nginx.location(filters[0]),
        facts={
            "url": visit.url,
            "coding": header(visit.headers, "Content-Encoding"),
            "application": answer.endpoint,
            "directive": filters[0].text[:120],
            "place": file_line(filters[0]),
            "location": match.block.text,
        },
        fix=_fix(nginx, match),
    )


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Ask the application for pages without compression."""
    changes: Changes = {}
    lines = _location_edits.header_lines(nginx, match, {FIELD: '""'}, changes)
    _location_edits.insert_lines(nginx, match, lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("ask-for-none", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits, sure=False)
