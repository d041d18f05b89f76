"""The page demands a hash of a script or style sheet, and the file that comes has another: browsers
do not use it (W3C Subresource Integrity, section 3.4).

The file was changed after the page was built: a CDN or a module of the web server minified it or
rewrote it, or page and file are of two releases. Where nginx' own configuration rewrites files of
this type, its line is named.
"""

from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import header
from diagnose.model.pages import Page, PageFileResponse


@check(severity=Severity.WARNING, needs=[Page, PageFileResponse])
def file_integrity(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    refused = {file.response for file in _page_files.refused_files(evidence)}
    failed = tuple(
        response
        for response in evidence.good(PageFileResponse)
        if response.integrity_fails and response not in refused
    )
    if page is None or not failed:
        return
    severity = _page_files.severity(page, {response.url for response in failed})
    first = failed[0]
    # Imported late: few files have another hash.
    from checks.http._rewritten_files import rewriting_line, sparing_fix
    from checks.nginx import Nginx, file_line

    nginx = Nginx.of(evidence)
    line = rewriting_line(nginx, first)
    manual = Fix((Manual("same-content", Where.APPLICATION),), Applicability.MANUAL)
    yield Claim(
        about=_page_files.page_subject(page),
        covers=endpoint_subjects(failed),
        because=(page, *failed, *(nginx.configs if line else ())),
        severity=severity,
        location=nginx.location(line) if line else None,
        facts={
            "page": page.url,
            "file": first.url,
            "others": tuple(response.url for response in failed[1:]),
            "breaks": severity is Severity.ERROR,
            "cache": next((name for name in _CACHES if header(first.headers, name)), ""),
            "rewritten": line.text if line else "",
            "place": file_line(line) if line else "",
        },
        fix=(sparing_fix(nginx, line, first) if line else None) or manual,
    )


#: Fields of a cache or a CDN in front.
_CACHES = ("CF-Cache-Status", "X-Cache", "X-Proxy-Cache", "Via", "Age")
