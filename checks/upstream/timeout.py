"""The application accepts the connection and the request and does not respond. nginx sends 504
after proxy_read_timeout (error.log: "upstream timed out (110: Connection timed out) while reading
response header from upstream")."""

from collections.abc import Iterator

from checks.upstream import CONSEQUENCES
from checks.upstream._failed_applications import failed_application_claim, failed_applications
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.config import seconds

#: Seconds. nginx's default proxy_read_timeout.
DEFAULT_TIMEOUT = 60


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def timeout(evidence: Evidence) -> Iterator[Claim]:
    for application in failed_applications(evidence, {"timeout"}):
        directive = (
            application.location_match.directive("proxy_read_timeout")
            if application.location_match
            else None
        )
        read_timeout = seconds(directive.args[0]) if directive and directive.args else None
        facts = {
            "waited": max(attempt.took for attempt in application.attempts),
            "patience": DEFAULT_TIMEOUT if read_timeout is None else read_timeout,
        }
        yield failed_application_claim(evidence, application, "look-at-the-application", facts)
