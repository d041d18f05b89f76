"""nginx waited for the answer to another request than the target's page, and gave up: its access
log has 504 for it, and its error log, for the same method and path, "upstream timed out (110:
Connection timed out) while reading response header from upstream".

The request is not sent again: it takes as long as nginx waits, and a POST changes something. The
two lines are the proof. Whether the application needs longer or hangs they do not say; the page of
this run is answered meanwhile.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import location_fix, setting_edits
from checks.nginx._page_errors import logged_errors
from checks.upstream._gateways import gateway_prefix, is_of_gateway, request_matches
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
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.error_log import upstream_authority
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of

_GAVE_UP = r"upstream timed out .* while reading response header from upstream"
#: Seconds: nginx's default for all gateways, and what is written where it was too short (a guess:
#: the time that the application needs is not known).
_DEFAULT, _LONGER = 60, 300
#: Failures of one kind from which on they are no accident.
_OFTEN = 2


@frozen
class _LateRequest:
    """A request for which nginx gave up: the failures in the access log, the line of the error log,
    and the location that passes it on by directives with this prefix."""

    failure: FailedRequests
    line: LogLine
    match: LocationMatch
    prefix: str

    @property
    def name(self) -> str:
        """The directive that says how long nginx waits."""
        return f"{self.prefix}_read_timeout"


@check(
    severity=Severity.WARNING,
    needs=[FailedRequests, LogLine, NginxConfig],
    explains=["nginx.other-requests-failed", "nginx.failed-at-times"],
)
def request_timed_out(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    late_requests: dict[int, list[_LateRequest]] = {}
    for failure in current_failures(evidence, {504}):
        if late_request := _late_request(nginx, failure):
            late_requests.setdefault(id(late_request.match.block), []).append(late_request)
    for group in late_requests.values():
        yield _claim(nginx, group)


def _late_request(nginx: Nginx, failure: FailedRequests) -> _LateRequest | None:
    lines = [
        line
        for line, _ in logged_errors(nginx.evidence, _GAVE_UP, failure.path)
        if line.request.partition(" ")[0] == failure.method
    ]
    for match in request_matches(nginx, failure.path) if lines else ():
        prefix = gateway_prefix(match)
        if prefix and is_of_gateway(lines[-1], prefix):
            return _LateRequest(failure, lines[-1], match, prefix)
    return None


def _claim(nginx: Nginx, group: list[_LateRequest]) -> Claim:
    first, port = group[0], nginx.evidence.target.port
    directive = first.match.directive(first.name)
    given = seconds(directive.args[0]) if directive and directive.args else None
    patience = _DEFAULT if given is None else given
    longer = int(max(_LONGER, 2 * patience))
    failures = [late_request.failure for late_request in group]
    times = sum(failure.times for failure in failures)
    is_used = times >= _OFTEN or any(failure.is_from_page for failure in failures)
    file_edits = setting_edits(nginx, first.match, {first.name: f"{longer}s"})
    place = directive or pass_directive_of(first.match) or first.match.block
    return Claim(
        about=Subject(port=port, path=first.failure.path),
        covers=tuple(Subject(port=port, path=failure.path) for failure in failures),
        because=(
            *failures,
            *(late_request.line for late_request in group),
            *([nginx.config] if nginx.config else []),
        ),
        severity=None if is_used else Severity.NOTE,
        confidence=Confidence.CERTAIN,
        location=nginx.location(place),
        facts={
            "method": first.failure.method,
            "url": nginx.evidence.target.origin + first.failure.path,
            "others": len(group) - 1 or "",
            "times": times,
            "last": first.failure.written,
            "patience": patience,
            "short": patience < _DEFAULT,
            "longer": longer,
            "directive": first.name,
            "set": " ".join((directive.name, *directive.args)) if directive else "",
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
