"""nginx sends the application another Host than the visitor's, and the application refuses what
scripts of the page send: it compares their Origin with the Host (Jupyter answers 404, others 403).

The page itself comes: a browser sends an Origin with what changes something, not with a GET of its
own site (Fetch standard, "append a request Origin header"). What failed by the log is asked by GET,
with the page's Origin: with nginx's Host it fails, and with the visitor's it does not.
"""

from collections.abc import Iterator

from checks.nginx import _location_edits
from checks.nginx._edits import Changes, config_edits
from checks.upstream._comparisons import comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import LoggedComparison
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig],
    needs_fault=[LoggedComparison],
    explains=["nginx.other-requests-failed", "http.page-request-failed"],
)
def origin_compared(evidence: Evidence) -> Iterator[Claim]:
    host = evidence.target.authority
    for nginx, match, change in decided_by(evidence, "field"):
        if change.request.name != "Host" or change.request.value != host:
            continue
        changes: Changes = {}
        value = {"Host": _location_edits.host_variable(evidence.target)}
        lines = _location_edits.header_lines(nginx, match, value, changes)
        _location_edits.insert_lines(nginx, match, lines, changes)
        file_edits = config_edits(nginx, changes)
        fix = (
            _location_edits.location_fix(nginx, match, file_edits, sure=False)
            if file_edits
            else Fix((Manual("pass-the-host", Where.SERVER),), Applicability.MANUAL)
        )
        directive = proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block
        origin = {"origin": evidence.target.origin, "path": change.request.path}
        yield comparison_claim(nginx, match, change, directive, origin, fix)
