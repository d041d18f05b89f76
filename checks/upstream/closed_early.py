"""The application accepts the connection and closes it before it responds, so nginx sends 502
(error.log: "upstream prematurely closed connection while reading response header from upstream", or
"recv() failed (104: Connection reset by peer)")."""

from collections.abc import Iterator

from checks.nginx._page_errors import page_error
from checks.upstream import CONSEQUENCES
from checks.upstream._failed_applications import failed_application_claim, failed_applications
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.application_log import ApplicationLog
from diagnose.model.nginx import NginxConfig, UpstreamTry

#: nginx's own words for it. A curl that is reset before it sends its request gives no reason.
_LOG_PATTERN = r"recv\(\) failed \(104"


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def closed_early(evidence: Evidence) -> Iterator[Claim]:
    applications = list(failed_applications(evidence, {"closed", "reset"}))
    error = None if applications else page_error(evidence, _LOG_PATTERN, {502})
    if error is not None and error.in_run:
        applications = list(failed_applications(evidence, {"other"}, connected=False))
    for application in applications:
        first = application.attempts[0].failure
        message = error.line.text if error else first.message if first else ""
        facts = {"message": message, **_written(evidence)}
        yield failed_application_claim(evidence, application, "look-at-the-application", facts)


def _written(evidence: Evidence) -> dict[str, object]:
    """Return what the application wrote while it closed the connection."""
    logs = evidence.good(ApplicationLog)
    return {
        "written": logs[0].lines if logs else (),
        "reason": logs[0].reason[:110] if logs else "",
        "written_to": logs[0].equivalent if logs else "",
    }
