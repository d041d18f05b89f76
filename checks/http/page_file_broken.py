"""A style sheet or script of the page comes, and its content is broken: it is cut off (RFC 9112
section 8), or it is not what its Content-Encoding says (RFC 9110 section 8.4). Browsers do not use
it (ERR_CONTENT_LENGTH_MISMATCH, ERR_INCOMPLETE_CHUNKED_ENCODING, ERR_CONTENT_DECODING_FAILED)."""

from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.http import header
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.urls import parse_url

#: A script that is gzip without saying so runs nowhere; that of a style sheet is ignored.
_FAULTS = {"invalid", "twice", "unnamed"}


@check(severity=Severity.WARNING, needs=[Page, PageFileResponse])
def page_file_broken(evidence: Evidence) -> Iterator[Claim]:
    page = _page_files.page_of(evidence)
    broken_files = [
        response
        for response in evidence.of(PageFileResponse)
        if page and response.page == page.url and response.status == 200 and _is_broken(response)
    ]
    if page is None or not broken_files:
        return
    first, urls = broken_files[0], [response.url for response in broken_files]
    severity = _page_files.severity(page, urls)
    is_cut = first.body_end == "cut"
    line, fix = (None, None) if is_cut else _line(Nginx.of(evidence), first)
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *broken_files),
        severity=severity,
        facts={
            "page": page.url,
            "file": first.url,
            "others": tuple(urls[1:]),
            "cut": is_cut,
            "message": first.failure.message if first.failure else "",
            "coding": header(first.headers, "Content-Encoding") or "",
            "breaks": severity is Severity.ERROR,
            "line": line.text if line else "",
            "place": file_line(line) if line else "",
            "compressed": fix is not None and line is None,
        },
        location=Nginx.of(evidence).location(line) if line else None,
        fix=fix
        or Fix((Manual("cut" if is_cut else "coding", Where.SERVER),), Applicability.MANUAL),
    )


def _line(nginx: Nginx, response: PageFileResponse) -> tuple[Directive | None, Fix | None]:
    """Return nginx's line that names a coding which the file does not have, with its fix; or only
    the fix, where nothing says that a file lies there compressed."""
    if nginx.is_refused:
        return None, None
    # Imported late: few files are broken.
    from checks.http._encoding_edits import coding_line, naming_fix, removed_line

    url = parse_url(response.url)
    path = url.path.partition("?")[0] if url else ""
    if response.coding_fault == "unnamed":
        return None, naming_fix(nginx, path)
    line = coding_line(nginx, path) if response.coding_fault == "invalid" else None
    return line, removed_line(nginx, line) if line else None


def _is_broken(response: PageFileResponse) -> bool:
    is_cut = response.failure is not None and response.body_end == "cut"
    return is_cut or (response.failure is None and response.coding_fault in _FAULTS)
