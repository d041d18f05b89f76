"""A Socket.IO server refuses the client in its own words: the protocol's version is not its own
(EIO=3 is Socket.IO 2, EIO=4 is Socket.IO 3 and 4), or it does not offer WebSockets (`transports`).

The same words "Transport unknown" come if the query is lost on the way. The application, asked
directly, decides.
"""

from collections.abc import Iterator

from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers.engine_io import EngineError, engine_error, requested_version


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=["websocket.not-upgraded", "websocket.not-served", "websocket.closed-after-upgrade"],
)
def socketio_refused(evidence: Evidence) -> Iterator[Claim]:
    for attempt in websocket_attempts(evidence):
        error = _error(attempt)
        if error is not None:
            yield _claim(evidence, attempt, error)


def _error(attempt: Attempt) -> EngineError | None:
    first = attempt.first
    if first.stayed_open or first.failure is not None:
        return None
    return engine_error(first.stray if first.accepted else first.body)


def _claim(evidence: Evidence, attempt: Attempt, error: EngineError) -> Claim:
    handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
    lost = error == "transport" and any(upgrade.stayed_open for upgrade in handshakes.direct)
    version = requested_version(attempt.first.url)
    step = "query" if lost else "same-version" if error == "version" else "transports"
    return claim(
        attempt,
        step,
        Where.SERVER if lost else Where.APPLICATION,
        {
            "version": error == "version",
            "transport": error == "transport",
            "lost": lost,
            "eio": version or "",
            "old": version == 3,
            "shown_path": attempt.path.partition("?")[0],
        },
        Confidence.LIKELY,
    )
