"""The application accepts the connection and closes it before it responds, so nginx sends 502
(error.log: "upstream prematurely closed connection while reading response header from upstream", or
"recv() failed (104: Connection reset by peer)").

An application that takes long before it closes the connection was asked directly in vain: this
run gave up on it earlier. Then the line of the page in nginx's log, written in this run, tells.

Of another request than the target's page, nginx's two logs are the evidence: 502 in the access log,
and that line for the same method and path. It is not sent again. A request that was under way when
the application was restarted has them too: once.
"""

from collections.abc import Iterator, Mapping, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import page_error
from checks.upstream import CONSEQUENCES
from checks.upstream._failed_applications import (
    CLOSED,
    closed_late,
    failed_application_claim,
    failed_applications,
    log_facts,
)
from checks.upstream._gateways import read_timeout_of
from checks.upstream._logged_requests import LoggedRequest, is_no_accident, logged_requests
from checks.upstream._time_limits import limit_facts, raising_fix, time_limits
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.error_log import upstream_authority
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: nginx's own words for a reset. A curl that is reset before it sends its request gives no reason.
_LOG_PATTERN = r"recv\(\) failed \(104"
_STEP = "look-at-the-application"


@check(severity=Severity.ERROR, needs=[NginxConfig], explains=CONSEQUENCES)
def closed_early(evidence: Evidence) -> Iterator[Claim]:
    applications = list(failed_applications(evidence, {"closed", "reset"}))
    error = None if applications else page_error(evidence, _LOG_PATTERN, {502})
    if error is not None and error.in_run:
        applications = list(failed_applications(evidence, {"other"}, connected=False))
    for application in applications:
        first = application.attempts[0].failure
        message = error.line.text if error else first.message if first else ""
        facts = {"message": message, "request": "", "times": "", "last": "", "minute": ""}
        yield failed_application_claim(evidence, application, _STEP, facts)
    nginx = Nginx.of(evidence)
    if applications:
        return
    if claim := _sent_claim(nginx):
        yield claim
    for requests in logged_requests(nginx, 502, CLOSED):
        yield _request_claim(nginx, requests)


def _sent_claim(nginx: Nginx) -> Claim | None:
    """Return the claim about the target's page that was asked for by a method which the application
    was not asked by directly."""
    evidence = nginx.evidence
    error = page_error(evidence, CLOSED, {502})
    pages = page_exchanges(evidence)
    is_asked = {page.method for page in pages} <= {"GET", "HEAD"}
    if error is None or not error.in_run or (is_asked and not closed_late(evidence)):
        return None
    match = next(iter(nginx.location_matches(evidence.target.path)), None)
    directive = pass_directive_of(match) if match else None
    application = upstream_authority(error.line) or error.line.upstream
    times = _time_facts(match, pages) if is_asked else {}
    limits = time_limits(evidence) if is_asked else ()
    patience = float(str(times.get("patience", 0)))
    return Claim(
        about=error.subjects[0],
        covers=error.subjects,
        because=(*error.because, *limits, *nginx.configs),
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive) if directive else None,
        facts={
            "application": (application,),
            "paths": (evidence.target.path,),
            "target": directive.args[0] if directive else "",
            "place": file_line(directive) if directive else "",
            "status": 502,
            "message": error.line.text,
            "request": f"{error.line.request.partition(' ')[0]} {evidence.target.url}",
            "times": "",
            "last": error.line.written,
            "minute": _minute(error.line.written),
            **times,
            **limit_facts(limits, patience),
            **log_facts(evidence, (application,)),
        },
        ruled_out=("upstream.refused", "upstream.timeout"),
        fix=(
            raising_fix(limits, patience)
            or Fix((Manual(_STEP, Where.APPLICATION),), Applicability.MANUAL)
        ),
    )


def _time_facts(match: LocationMatch | None, pages: Sequence[Exchange]) -> Mapping[str, object]:
    """Return after how long the application closes the connection, and how long nginx waits."""
    directive = pass_directive_of(match) if match else None
    gateway = directive.name.removesuffix("_pass") if directive else "proxy"
    limit = read_timeout_of(match, gateway)
    return {"waited": max(page.took for page in pages), "patience": limit.patience}


def _minute(written: str) -> str:
    """Return the minute of a line in nginx's log as journalctl(1) reads it."""
    return f"{written[:16].replace('/', '-')}:00"


def _request_claim(nginx: Nginx, requests: tuple[LoggedRequest, ...]) -> Claim:
    """Return the claim about requests that the application closed before this run."""
    first, target = requests[0], nginx.evidence.target
    directive = pass_directive_of(first.match) or first.match.block
    application = upstream_authority(first.line) or first.line.upstream
    return Claim(
        about=Subject(port=target.port, path=first.failure.path),
        covers=tuple(Subject(port=target.port, path=request.failure.path) for request in requests),
        because=(
            *(observation for request in requests for observation in request.because),
            *nginx.configs,
        ),
        severity=Severity.WARNING if is_no_accident(requests, by_page=False) else Severity.NOTE,
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive),
        facts={
            "application": (application,),
            "paths": tuple(request.failure.path for request in requests),
            "target": " ".join(directive.args[:1]),
            "place": file_line(directive),
            "status": first.failure.status,
            "message": first.line.text,
            "request": f"{first.failure.method} {target.origin}{first.failure.path}",
            "times": sum(request.failure.times for request in requests),
            "last": first.failure.written,
            "minute": _minute(first.line.written),
            **log_facts(nginx.evidence, (application,)),
        },
        ruled_out=("upstream.refused", "upstream.timeout"),
        fix=Fix((Manual(_STEP, Where.APPLICATION),), Applicability.MANUAL),
    )
