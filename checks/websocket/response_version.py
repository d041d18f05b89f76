"""The handshake is answered with 101 in HTTP/1.0. It has to be HTTP/1.1 (RFC 6455 section 4.2.2):
Firefox and Safari refuse it ("Invalid HTTP version string: HTTP/1.0"), while Chromium, curl and
most libraries open the WebSocket.

nginx answers in HTTP/1.1 itself, whatever the application's version. Caddy, Apache's tunnel and a
proxy of TCP pass the application's line on.
"""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def response_version(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "version"):
        yield claim(attempt, "answer-in-1-1", Where.APPLICATION)
