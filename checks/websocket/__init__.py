"""Checks of layer websocket: what became of the opening handshake. Which of them a failed
handshake belongs to is decided once, in `diagnose.parsers.http.refusal`."""

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
from diagnose.model.http import Attempt, attempts
from diagnose.parsers.http import Refusal, proxy_page, refusal
from diagnose.parsers.websocket_ending import Ending, ending


def refused(evidence: Evidence, reason: Refusal) -> Iterator[Attempt]:
    """The handshakes that failed for that reason."""
    return (one for one in attempts(evidence) if refusal(one) == reason)


def ended(evidence: Evidence, *endings: Ending) -> Iterator[tuple[Attempt, Ending]]:
    """The WebSockets that opened and ended in one of these ways."""
    for attempt in attempts(evidence):
        end = ending(attempt)
        if end is not None and end in endings:
            yield attempt, end


def claim(
    attempt: Attempt,
    step: str,
    where: Where,
    facts: Mapping[str, object] | None = None,
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: Iterable[str] = (),
) -> Claim:
    """A claim about a WebSocket's path, at all addresses that answer alike."""
    first = attempt.first
    return Claim(
        about=attempt.about,
        covers=attempt.subjects,
        because=attempt.because,
        confidence=confidence,
        severity=severity,
        ruled_out=tuple(ruled_out),
        facts={
            "url": attempt.about.text,
            "path": attempt.path,
            "addresses": tuple(one.address for one in attempt.subjects),
            "status": first.status or "",
            "reason": first.reason,
            "answer": _excerpt(first.body),
            "server": first.header("Server") or proxy_page(first.body),
            **(facts or {}),
        },
        fix=Fix((Manual(step, where),), Applicability.MANUAL),
    )


def _excerpt(body: str) -> str:
    """The answer's text without its tags, short enough for a sentence."""
    import re

    text = " ".join(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", body, flags=re.S).split())
    return text if len(text) <= 120 else text[:119] + "…"
