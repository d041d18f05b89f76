"""nginx waited for the answer to another request than the target's page, and gave up: its access
log has 504 for it, and its error log, for the same method and path, "upstream timed out (110:
Connection timed out) while reading response header from upstream".

Where `error_page` leads the failed request to a file, visitors get 405 for a POST.

The request is not sent again: it takes as long as nginx waits, and a POST changes something. The
two lines are the proof. Whether the application needs longer or hangs they do not say; the page of
this run is answered meanwhile.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix
from checks.upstream._gateways import DEFAULT_TIMEOUT, longer_waits, read_timeout_of
from checks.upstream._logged_requests import (
    LoggedRequest,
    is_no_accident,
    logged_requests,
    refusing_page,
)
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.error_log import upstream_authority
from diagnose.parsers.nginx.upstreams import pass_directive_of

_GAVE_UP = r"upstream timed out .* while reading response header from upstream"
#: Seconds: what is written where it was too short (a guess: the time that the application needs is
#: not known).
_LONGER = 300


@check(
    severity=Severity.WARNING,
    needs=[FailedRequests, LogLine, NginxConfig],
    explains=[
        "nginx.other-requests-failed",
        "nginx.failed-at-times",
        "server.other-requests-failed",
        "server.request-timed-out",
    ],
)
def request_timed_out(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for requests in logged_requests(nginx, 504, _GAVE_UP):
        yield _claim(nginx, requests)


def _claim(nginx: Nginx, requests: tuple[LoggedRequest, ...]) -> Claim:
    first, port = requests[0], nginx.evidence.target.port
    timeout = read_timeout_of(first.match, first.prefix)
    patience = timeout.patience
    refusing = refusing_page(first, 504)
    longer = int(max(_LONGER, 2 * patience))
    file_edits = longer_waits(nginx, first.failure.path, longer)
    place = timeout.directive or pass_directive_of(first.match) or first.match.block
    return Claim(
        about=Subject(port=port, path=first.failure.path),
        covers=tuple(Subject(port=port, path=request.failure.path) for request in requests),
        because=(
            *(observation for request in requests for observation in request.because),
            *nginx.configs,
        ),
        severity=None if is_no_accident(requests) else Severity.NOTE,
        confidence=Confidence.CERTAIN,
        location=nginx.location(place),
        facts={
            "method": first.failure.method,
            "url": nginx.evidence.target.origin + first.failure.path,
            "others": len(requests) - 1 or "",
            "times": sum(request.failure.times for request in requests),
            "last": first.failure.written,
            "refusing": refusing.text if refusing else "",
            "refusing_place": file_line(refusing) if refusing else "",
            "patience": patience,
            "short": patience < DEFAULT_TIMEOUT,
            "longer": longer,
            "directive": timeout.name,
            "set": timeout.text,
            "place": file_line(place),
            "application": upstream_authority(first.line) or first.line.upstream,
            "message": first.line.text,
            "log": first.line.file,
            "php": first.prefix == "fastcgi",
        },
        ruled_out=("upstream.refused", "upstream.closed-early"),
        fix=location_fix(nginx, first.match, file_edits, sure=False)
        if file_edits
        else Fix((Manual("wait-longer", Where.SERVER),), Applicability.MANUAL),
    )
