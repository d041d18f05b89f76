"""Checks of the layer `websocket`: the result of the opening handshake. `refusal`
(diagnose/parsers/websocket_refusal.py) alone decides which check a failed handshake belongs to."""

from collections.abc import Iterable, Iterator, Mapping

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.pages import WebSocketPath
from diagnose.model.websocket_attempts import Attempt, websocket_attempts
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import browser_page, proxy_page
from diagnose.parsers.websocket_ending import Ending, ending
from diagnose.parsers.websocket_refusal import Refusal, refusal

#: Seconds of silence that proxies usually let pass: nginx's default. Applications that send pings
#: do so more often.
USUAL_TIMEOUT = 60.0

#: Words of browsers and libraries about bytes that are no frame: no silence ends a WebSocket so.
_BROKEN = (
    "Invalid frame header", "reserved bits", "RSV1", "Invalid WebSocket frame", "Invalid UTF-8",
    "Close received after close",
)  # fmt: skip


def refused_attempts(evidence: Evidence, reason: Refusal) -> Iterator[Attempt]:
    """Yield the handshakes that failed for this reason. What a server does with every program
    tells nothing about browsers, and neither does a path that only a location of the server has,
    where a WebSocket opens below it."""
    return (
        attempt
        for attempt in websocket_attempts(evidence)
        if refusal(attempt) == reason
        and not _is_refused_as_program(evidence, attempt)
        and not _opens_below(evidence, attempt.path)
    )


def _opens_below(evidence: Evidence, path: str) -> bool:
    """Return whether nothing but the server's configuration names a path, and a visitor's WebSocket
    opens below it: "location /app" also passes "/app/ws" on."""
    own, target = path.partition("?")[0], evidence.target
    named = {each.path for each in evidence.good(WebSocketPath)}
    if path in target.websockets or own in named or own == target.path_without_query:
        return False
    below = own.rstrip("/") + "/"
    return any(
        upgrade.is_visit and upgrade.accepted and upgrade.path.startswith(below)
        for upgrade in evidence.good(Upgrade)
    )


def _is_refused_as_program(evidence: Evidence, attempt: Attempt) -> bool:
    """Return whether the page was refused in the same way, and browsers get it."""
    first = attempt.first
    return any(
        page.purpose == "target"
        and browser_page(evidence, page) is not None
        and (first.failure is not None if page.failure else page.status == first.status)
        for page in evidence.of(Exchange)
    )


def ended_attempts(evidence: Evidence, *endings: Ending) -> Iterator[tuple[Attempt, Ending]]:
    """Yield the WebSockets that opened and ended in one of these ways."""
    for attempt in websocket_attempts(evidence):
        attempt_ending = ending(attempt)
        if attempt_ending is not None and attempt_ending in endings:
            yield attempt, attempt_ending


def claim(
    attempt: Attempt,
    step: str,
    side: Where,
    facts: Mapping[str, object] | None = None,
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: Iterable[str] = (),
) -> Claim:
    """Make a claim about a WebSocket path, at all addresses with the same result."""
    first = attempt.first
    return Claim(
        about=attempt.subject,
        covers=attempt.subjects,
        because=attempt.because,
        confidence=confidence,
        severity=severity,
        ruled_out=tuple(ruled_out),
        facts={
            "url": attempt.subject.text,
            "path": attempt.path,
            "addresses": tuple(subject.address for subject in attempt.subjects),
            "status": first.status or "",
            "reason": first.reason,
            "answer": excerpt(first.body),
            "server": first.header("Server") or proxy_page(first.body),
            **(facts or {}),
        },
        fix=Fix((Manual(step, side),), Applicability.MANUAL),
    )


def without_query(path: str) -> str:
    """Return the path without its query, which may be a password."""
    bare_path, question_mark, _ = path.partition("?")
    return f"{bare_path}?…" if question_mark else bare_path


def asks_about_closing(evidence: Evidence, seconds: float) -> bool:
    """Return whether the user's message says that a WebSocket was closed without a reason of the
    application (RFC 6455 section 7.1.5, code 1006), or that a connection ends after a time, and no
    time that is shorter than these seconds."""
    symptom = evidence.target.symptom
    if symptom is None or symptom.number not in {None, 1006}:
        return False
    if symptom.kind not in {"websocket-closed", "closed"}:
        return False
    if any(word in symptom.text for word in _BROKEN):
        return False
    from diagnose.parsers.cut_connections import is_reported, reported_seconds

    closing_seconds = reported_seconds(symptom)
    if not closing_seconds:
        return symptom.kind == "websocket-closed"
    return is_reported(symptom, seconds) or max(closing_seconds) > seconds


def says_it_ends_after(evidence: Evidence, seconds: float) -> bool:
    """Return whether the user's message tells this time, in seconds, as that after which a
    connection ends: what is usual is the cause then."""
    symptom = evidence.target.symptom
    if symptom is None or not asks_about_closing(evidence, seconds):
        return False
    from diagnose.parsers.cut_connections import is_reported

    return is_reported(symptom, seconds)


def logged_cuts(evidence: Evidence, path: str) -> list[LogLine]:
    """Return the lines of nginx's error log about silent WebSockets at a path that it cut."""
    return [
        line
        for line in evidence.good(LogLine)
        if line.doing == "proxying upgraded connection"
        and line.text.startswith("upstream timed out")
        and line.path == path.partition("?")[0]
    ]
