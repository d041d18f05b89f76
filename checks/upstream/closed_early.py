"""The application accepts the connection and closes it before it responds, so nginx sends 502
(error.log: "upstream prematurely closed connection while reading response header from upstream", or
"recv() failed (104: Connection reset by peer)")."""

from collections.abc import Iterator

from checks.upstream import CONSEQUENCES
from checks.upstream._failed_applications import failed_application_claim, failed_applications
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def closed_early(evidence: Evidence) -> Iterator[Claim]:
    for application in failed_applications(evidence, {"closed", "reset"}):
        first = application.attempts[0].failure
        facts = {"message": first.message if first else ""}
        yield failed_application_claim(evidence, application, "look-at-the-application", facts)
