"""Sec-WebSocket-Accept does not match the key (RFC 6455 section 4.2.2): clients refuse the
connection, and proxies do not notice."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def bad_accept(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "accept"):
        accept_value = attempt.first.header("Sec-WebSocket-Accept") or ""
        yield claim(attempt, "mend", Where.APPLICATION, {"given": accept_value})
