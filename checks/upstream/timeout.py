"""The application takes the connection and the request, and says nothing: nginx gives up after
proxy_read_timeout with 504 (error.log: "upstream timed out (110: Connection timed out) while
reading response header from upstream")."""

from collections.abc import Iterator

from checks.upstream import CONSEQUENCES, claim, failed_applications
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.config import seconds

#: Seconds. What nginx waits unless it is told otherwise.
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
        yield claim(evidence, application, "look-at-the-application", facts)
