"""Other requests of visitors fail than the one for the target's page, by nginx's access log: an
upload, a form, an interface that the page's scripts use. What fails again in this run, or what
visitors got that used the site's page, is a warning; the rest may be meant.

No cause is named here, but who answered: nginx, whose error log is quoted if it has the request, or
the application behind it, whose own log is. A check that knows the cause explains this finding.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import (
    applications_words,
    logged_reason,
    repeated_exchange,
    request_facts,
    status_hints,
    unopened_failures,
)
from checks.nginx._upload_refusals import is_applications_answer, is_applications_refusal
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
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.program_logs import ProgramRefusal
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Failures of one kind from which on they are no accident.
_MANY = 3
_TOO_LARGE = 413
#: A copy or a move to an address of another scheme or host than the request's (RFC 4918 section
#: 10.3): nginx asks for its own (ngx_http_dav_module).
_DESTINATION = 'client sent invalid "Destination" header'
#: A page sends what is not allowed, too large, or never arrives whole: no site is made so.
_NEVER_MEANT = frozenset({405, 408, _TOO_LARGE})
#: That the application is reached now says nothing of the time that it takes for an answer.
_TOO_LATE = 504


@check(severity=Severity.WARNING, needs=[NginxConfig, FailedRequests], names_requests=True)
def other_requests_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for failure in unopened_failures(evidence, "nginx"):
        again = repeated_exchange(evidence, failure)
        match = next(iter(nginx.location_matches(failure.path)), None)
        refusal, line = applications_words(evidence, failure), logged_reason(evidence, failure)
        is_of_application = refusal is not None or is_applications_answer(evidence, failure, match)
        claim = Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            consequence_of=("http.size-limit-told",) if failure.status == _TOO_LARGE else (),
            because=(
                failure,
                *([again] if again else []),
                *([refusal] if refusal else []),
                *([line] if line else []),
                *([nginx.config] if is_of_application and nginx.config else []),
            ),
            severity=None if _is_fault(evidence, failure, match) else Severity.NOTE,
            # Whether they were meant to succeed, only their senders know.
            confidence=Confidence.LIKELY if failure.is_all else Confidence.CERTAIN,
            location=nginx.location(match.block) if match else None,
            facts={
                **request_facts(evidence, failure, again),
                "too_large_there": failure.status == _TOO_LARGE
                and is_applications_refusal(evidence, match),
                "block": match.block.text if match else "",
                "logged": line.text if line else "",
                "error_log": line.file if line else "",
                **_answerer(match if is_of_application else None, refusal),
                **status_hints(failure),
            },
            fix=Fix((_step(is_of_application, line),), Applicability.MANUAL),
        )
        is_too_large = failure.is_all and failure.status == _TOO_LARGE and is_of_application
        yield _with_limit(evidence, claim) if is_too_large else claim


def _step(is_of_application: bool, line: LogLine | None) -> Manual:
    if is_of_application:
        return Manual("ask-the-application", Where.APPLICATION)
    is_destination = line is not None and line.text.startswith(_DESTINATION)
    return Manual("rewrite-the-destination" if is_destination else "ask-for-it", Where.SERVER)


def _with_limit(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with the application's own limit, if it was read."""
    # Imported late: few uploads are too large for the application.
    from checks.upstream._own_remedy import with_own_remedy

    return with_own_remedy(evidence, claim, "body_limit", only_read=True)


def _answerer(match: LocationMatch | None, refusal: ProgramRefusal | None) -> dict[str, object]:
    """Return who answered, if that was an application: how nginx passes the request on, and what
    the application wrote about it."""
    passed = pass_directive_of(match) if match else None
    return {
        "application": bool(passed or refusal),
        "pass": passed.text if passed else "",
        "place": file_line(passed) if passed else "",
        "process": refusal.process if refusal else "",
        "written": refusal.message if refusal else "",
        "command": refusal.equivalent if refusal else "",
    }


def _is_fault(evidence: Evidence, failure: FailedRequests, match: LocationMatch | None) -> bool:
    is_meant = match is not None and bool(children(match.block, "return"))
    if is_meant:
        return False
    if failure.is_all:
        return True
    if failure.status in _NEVER_MEANT:
        return failure.is_from_page and failure.times >= _MANY
    if failure.status < 500:
        return False
    if repeated_exchange(evidence, failure):
        return True
    is_over = failure.status in GATEWAY_FAILURES - {_TOO_LATE} and not any(
        attempt.failure for attempt in evidence.of(UpstreamTry)
    )
    return not is_over and (failure.is_from_page or failure.times >= _MANY)
