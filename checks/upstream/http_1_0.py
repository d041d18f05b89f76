"""nginx before 1.29.7 speaks HTTP/1.0 to the application unless proxy_http_version is 1.1, and this
application refuses it (RFC 9110 section 15.5.22: 426 Upgrade Required).

The evidence is the application itself: it serves the page over HTTP/1.1, and refuses it again over
HTTP/1.0.
"""

from collections.abc import Iterator

from checks.nginx import _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.nginx.locations import proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=CONSEQUENCES,
)
def http_1_0(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "version"):
        directive = match.directive("proxy_http_version")
        changes: Changes = {}
        lines = _location_edits.http_1_1_lines(nginx, match, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
        file_edits = config_edits(nginx, changes)
        fix = (
            _location_edits.location_fix(nginx, match, file_edits)
            if file_edits
            else Fix((Manual("set-the-version", Where.SERVER),), Applicability.MANUAL)
        )
        reported = directive or proxy_pass_of(match) or match.block
        yield comparison_claim(
            nginx, match, change, reported, {"configured": directive is not None}, fix
        )
