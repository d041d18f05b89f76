"""The application takes the connection and the request, and says nothing: nginx gives up after
proxy_read_timeout with 504 (error.log: "upstream timed out (110: Connection timed out) while
reading response header from upstream")."""

from collections.abc import Iterator

from checks.upstream import BROKEN, claim, unanswered
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.config import seconds

#: Seconds. What nginx waits unless it is told otherwise.
USUAL = 60


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=BROKEN)
def timeout(evidence: Evidence) -> Iterator[Claim]:
    for found in unanswered(evidence, {"timeout"}):
        given = found.place.one("proxy_read_timeout") if found.place else None
        waits = seconds(given.args[0]) if given and given.args else None
        facts = {
            "waited": max(one.took for one in found.seen),
            "patience": USUAL if waits is None else waits,
        }
        yield claim(evidence, found, "look-at-the-application", facts)
