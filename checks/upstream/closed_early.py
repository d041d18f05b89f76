"""The application takes the connection and closes it before it has answered: nginx says 502
(error.log: "upstream prematurely closed connection while reading response header from upstream",
or "recv() failed (104: Connection reset by peer)")."""

from collections.abc import Iterator

from checks.upstream import BROKEN, claim, unanswered
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def closed_early(evidence: Evidence) -> Iterator[Claim]:
    for found in unanswered(evidence, {"closed", "reset"}):
        first = found.seen[0].failure
        facts = {"message": first.message if first else ""}
        yield claim(evidence, found, "look-at-the-application", facts)
