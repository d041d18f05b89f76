"""The application fails, and visitors get another error in place of it, because nginx cannot send
its own page about the failure (ngx_http_core_module, "error_page").

The page of `error_page` is a file: if it is not there, visitors get 404 in place of 500. nginx
sends files for GET only: after a POST that failed they get 405. So the status leads to a wrong
place. With `proxy_intercept_errors on` an answer of the application itself is replaced too, with
all that it says.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._intercepted_errors import passing_fix
from checks.nginx._page_errors import is_in_run, logged_errors
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import intercepts_errors

#: nginx's words for an application that failed (ngx_http_upstream.c), and the status for each.
_FAILURES = (
    (r"upstream timed out", 504),
    (r"connect\(\) (?:to \S+ )?failed", 502),
    (r"upstream prematurely closed connection", 502),
    (r"recv\(\) failed \(104", 502),
    (r"no live upstreams", 502),
    (r"upstream sent (?:too big|invalid|no valid)", 502),
)
#: The file of the error page, where it is not there.
_NO_FILE = re.compile(r'open(?:at)?\(\) "(/[^"]{1,1000})" failed \(2: ')


@frozen(eq=False)
class _Failure:
    """What the application did: a status of its own, or nginx's message about it."""

    status: int
    because: Observation
    text: str
    is_certain: bool


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.answer-says-why",
        "http.server-error",
        "nginx.method-not-allowed",
        "nginx.target-not-found",
    ],
)
def error_page_hides(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = [page for page in page_exchanges(evidence) if _is_nginx_error(page)]
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    failure = _failure(evidence) if pages and match else None
    is_replaced = False
    if not pages and match and intercepts_errors(match):
        pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
        failure = _own_failure(evidence, 400) if pages else None
        is_replaced = failure is not None
    directive = _error_page(match, failure.status) if match and failure else None
    if match is None or failure is None or directive is None:
        return
    if failure.status == pages[0].status:
        return
    subjects, line = endpoint_subjects(pages), _missing_file(evidence)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, failure.because, *([line] if line else []),
                 *nginx.configs),
        confidence=Confidence.CERTAIN if failure.is_certain else Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "method": pages[0].method,
            "real": failure.status,
            "logged": isinstance(failure.because, LogLine),
            "message": failure.text,
            "directive": directive.text,
            "place": file_line(directive),
            "missing": line.text if line else "",
            "file": path[1] if line and (path := _NO_FILE.match(line.text)) else "",
            "refused": pages[0].status == 405 and not is_replaced,
            "replaced": is_replaced,
        },
        fix=(passing_fix(nginx, evidence.target.path) if is_replaced else None)
        or Fix(
            (Manual("show-its-answer" if is_replaced else "mend-the-application", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )  # fmt: skip


def _is_nginx_error(page: Exchange) -> bool:
    return page.status in {403, 404, 405} and proxy_page(page.body) == "nginx"


def _failure(evidence: Evidence) -> _Failure | None:
    """Return how the application failed: by nginx's log, or asked as nginx asks it."""
    for pattern, status in _FAILURES:
        for line, _ in reversed(logged_errors(evidence, pattern, evidence.target.path)):
            if is_in_run(evidence, line):
                return _Failure(status, line, line.text, True)
    return _own_failure(evidence, 500)


def _own_failure(evidence: Evidence, least: int) -> _Failure | None:
    """Return the error with which the application answers, asked as nginx asks it."""
    for request in evidence.of(ComparedRequest):
        if request.part == "none" and not request.failure and (request.status or 0) >= least:
            return _Failure(request.status or 0, request, excerpt(request.body), False)
    return None


def _error_page(match: LocationMatch, status: int) -> Directive | None:
    """Return the error_page in force for a status, if it leads to a path or a location here."""
    is_own = status in {502, 504} or intercepts_errors(match)
    for directive in match.directives("error_page") if is_own else ():
        if str(status) in directive.args[:-1] and directive.args[-1][:1] in {"/", "@"}:
            return directive
    return None


def _missing_file(evidence: Evidence) -> LogLine | None:
    lines = logged_errors(
        evidence, r"open(?:at)?\(\) .* failed \((?:2|13|20):", evidence.target.path
    )
    in_run = [line for line, _ in lines if is_in_run(evidence, line)]
    return in_run[-1] if in_run else None
