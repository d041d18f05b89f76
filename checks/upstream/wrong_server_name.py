"""The TLS handshake of nginx with the application succeeds, but with no server name or another one
than the Host field: the application answers 421 Misdirected Request (RFC 9110 section 15.5.20).

Apache httpd does so since 2.4.64 (CVE-2025-23048): "The client needs a new connection for this
request as the requested host name does not match the Server Name Indication (SNI) in use". By
default nginx sends no name (proxy_ssl_server_name). The evidence is the application itself: it
serves the page with the name, and refuses it again without.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    # An application may also accept the Host that fits the name sent.
    explains=[*CONSEQUENCES, "upstream.wrong-host-header"],
)
def wrong_server_name(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "server-name"):
        directive = match.directive("proxy_ssl_name") or proxy_pass_of(match) or match.block
        yield comparison_claim(
            nginx,
            match,
            change,
            directive,
            {"misdirected": change.status == 421},
            _fix(nginx, match, change.request.value),
        )


def _fix(nginx: Nginx, match: LocationMatch, name: str) -> Fix:
    """Send the name; for the visitor's own name its variable, which is right for all names of the
    server block."""
    value = "$host" if name == nginx.evidence.target.host else name
    file_edits = _location_edits.setting_edits(
        nginx, match, {"proxy_ssl_server_name": "on", "proxy_ssl_name": value}
    )
    if not file_edits:
        return Fix((Manual("send-the-name", Where.SERVER),), Applicability.MANUAL)
    return _location_edits.location_fix(nginx, match, file_edits)
