"""The handshake succeeds, and the connection ends at once: with a close frame that names an error
(RFC 6455 section 7.4.1), without one (code 1006), or with bytes that are not a frame. It is certain
if it ended again without a ping, which browsers never send.

A normal close (1000, 1001) is no fault, and a close on purpose (1008, 4000 to 4999) is
`websocket.closed-by-policy`.
"""

from collections.abc import Iterator

from checks.websocket import claim, ended_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.websocket_ending import Ending

_SEVERITIES: dict[Ending, Severity | None] = {
    "died": None,
    "sometimes": Severity.WARNING,
    "at-ping": Severity.NOTE,
}


@check(severity=Severity.ERROR, needs=[Upgrade])
def closed_after_upgrade(evidence: Evidence) -> Iterator[Claim]:
    for attempt, ending in ended_attempts(evidence, *_SEVERITIES):
        first = attempt.first
        retried = any(retry.variant == "no-ping" for retry in attempt.retries)
        frames = "frames" if first.ended in {"invalid", "http"} else "crash"
        yield claim(
            attempt,
            "ping" if ending == "at-ping" else frames,
            Where.APPLICATION,
            {
                "code": first.close_code if first.ended == "close" else "",
                "close_reason": first.close_reason,
                "http": first.ended == "http",
                "invalid": first.ended == "invalid",
                "reset": first.ended == "reset",
                "eof": first.ended == "eof",
                "sometimes": ending == "sometimes",
                "at_ping": ending == "at-ping",
                "always": ending == "died",
            },
            Confidence.CERTAIN if retried and ending == "died" else Confidence.LIKELY,
            _SEVERITIES[ending],
        )
