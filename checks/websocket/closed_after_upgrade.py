"""The handshake succeeds, and the connection ends at once: with a close frame that names an error
(RFC 6455 section 7.4.1), without one (code 1006), or with bytes that are not a frame. It is certain
if it ended again without a ping, which browsers never send.

A normal close (1000, 1001) is no fault, a close on purpose (1008, 4000 to 4999) is
`websocket.closed-by-policy`, and a wrong compression is `websocket.extension`. On the server, the
application itself is asked too: it shows on which side of the proxy the connection ends.
"""

from collections.abc import Iterator

from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade, Violation
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.websocket_ending import Ending

_SEVERITIES: dict[Ending, Severity | None] = {
    "died": None,
    "sometimes": Severity.WARNING,
    "at-ping": Severity.NOTE,
}

#: The fact for each close code (RFC 6455 section 7.4.1, IANA's registry).
_CODES = {
    1002: "protocol",
    1003: "kind",
    1007: "encoding",
    1009: "size",
    1010: "extension",
    1011: "error",
    1014: "gateway",
}

#: The fact for each violation. What is not here has the general words.
_VIOLATIONS: dict[Violation, str] = {
    "text": "text",
    "masked": "masked",
    "utf-8": "not_utf8",
    "fragment": "fragments",
    "control-frame": "fragments",
    "close-frame": "close_frame",
}


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def closed_after_upgrade(evidence: Evidence) -> Iterator[Claim]:
    for attempt, ending in ended_attempts(evidence, *_SEVERITIES):
        handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
        yield claim(
            attempt,
            _step(attempt.first, ending, handshakes),
            Where.APPLICATION,
            {
                **_facts(attempt.first),
                "sometimes": ending == "sometimes",
                "at_ping": ending == "at-ping",
                "always": ending == "died",
                "direct_holds": handshakes.ends_in_proxy,
                "direct_dies": handshakes.ends_in_application,
            },
            _confidence(attempt, ending, handshakes),
            _SEVERITIES[ending],
        )


def _step(first: Upgrade, ending: Ending, handshakes: WebSocketHandshakes) -> str:
    if ending == "at-ping":
        return "ping"
    if handshakes.ends_in_proxy:
        return "proxy"
    if first.ended == "http":
        return "one-server"
    return "frames" if first.ended == "invalid" else "crash"


def _confidence(attempt: Attempt, ending: Ending, handshakes: WebSocketHandshakes) -> Confidence:
    """Certain if it ended again: without a ping, or at the application itself."""
    retried = any(retry.variant == "no-ping" for retry in attempt.retries)
    is_certain = ending == "died" and (retried or handshakes.ends_in_application)
    return Confidence.CERTAIN if is_certain else Confidence.LIKELY


def _facts(first: Upgrade) -> dict[str, object]:
    """Return how the connection ended, each way a fact of its own."""
    is_close = first.ended == "close"
    code = _CODES.get(first.close_code or 0, "other_code") if is_close else ""
    is_invalid = first.ended == "invalid"
    violation = _VIOLATIONS.get(first.violation, "other_bytes") if is_invalid else ""
    return {
        "code": first.close_code if is_close else "",
        "close_reason": first.close_reason,
        "stray": first.stray,
        **{ending: first.ended == ending for ending in ("http", "invalid", "reset", "eof")},
        **{name: name == code for name in (*_CODES.values(), "other_code")},
        **{name: name == violation for name in (*_VIOLATIONS.values(), "other_bytes")},
    }
