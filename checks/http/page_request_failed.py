"""Visitors' browsers did not get a file that this page, or a style sheet of it, asks for: by the
server's log, and again in this run. No other check says why.

A picture or a font that only a style sheet names stands in no markup. Icons that browsers ask for
by themselves, and maps that only a developer's tools read, are no files of the page
(`parsers.other_requests`).
"""

import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

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
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.other_requests import OtherRequest
from diagnose.model.pages import Page, PageFileResponse


@check(severity=Severity.NOTE, needs=[OtherRequest, Exchange], only_unused=True)
def page_request_failed(evidence: Evidence) -> Iterator[Claim]:
    senders = _senders(evidence)
    for request in evidence.of(OtherRequest):
        again = _failed_again(evidence, request)
        is_logged = request.source == "log" and request.by_browser and not request.sent
        if not is_logged or again is None or request.sender not in senders:
            continue
        if _is_named_elsewhere(evidence, request):
            continue
        line = next(
            (line for line in evidence.of(LogLine) if line.path == request.path and line.referrer),
            None,
        )
        url = f"{evidence.target.origin}{request.path}"
        yield Claim(
            about=Subject(port=evidence.target.port, path=request.path),
            because=(request, again, *([line] if line else [])),
            facts={
                "url": url,
                "path": request.path,
                "page": evidence.target.url,
                "sender": request.sender,
                "sheet": request.sender != evidence.target.path_without_query,
                "status": again.status,
                "times": request.times if request.times > 1 else 0,
                "last": request.written,
                "log": request.file,
                "message": line.text if line else "",
                "look": f"grep -F -- {shlex.quote(request.path)} {shlex.quote(request.file)}"
                " | tail -n 5",
                "command": shlex.join(("diagnose", url)),
            },
            fix=Fix((Manual("ask-for-it", Where.SERVER),), Applicability.MANUAL),
        )


def _senders(evidence: Evidence) -> frozenset[str]:
    """Return the paths of the page and of its files."""
    urls = [
        *(page.url for page in page_exchanges(evidence)),
        *(file.url for page in evidence.good(Page) for file in page.files),
        *(response.url for response in evidence.good(PageFileResponse)),
    ]
    return frozenset(urlsplit(url).path for url in urls)


def _is_named_elsewhere(evidence: Evidence, request: OtherRequest) -> bool:
    """Return whether the page that asked for a file names it at another address now: the log is
    older than the page."""
    pages = [page for page in evidence.good(Page) if urlsplit(page.url).path == request.sender]
    named = {urlsplit(file.url).path for page in pages for file in page.files}
    name = request.path.rpartition("/")[2]
    others = (path for path in named if path.rpartition("/")[2] == name)
    return bool(name) and request.path not in named and any(others)


def _failed_again(evidence: Evidence, request: OtherRequest) -> Exchange | None:
    """Return this run's answer to the same request, if that is an error too."""
    url = f"{evidence.target.origin}{request.path}"
    answers = [
        page
        for page in (*evidence.good(Exchange), *request.observations)
        if isinstance(page, Exchange)
        and page.purpose in {"logged", "target"}
        and page.url.partition("?")[0] == url
    ]
    last = answers[-1] if answers else None
    return last if last is not None and (last.status or 0) >= 400 else None
