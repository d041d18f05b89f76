"""The handshake meets a rate limit: 429 (RFC 6585 section 4), or a 503 that mentions a limit.

If it opens when it is repeated alone, only the many requests of this run may have met the limit: it
is a note.
"""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.websocket_refusal import opens_alone


@check(severity=Severity.WARNING, needs=[Upgrade], needs_fault=[Upgrade])
def rate_limited(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "limited"):
        wait = attempt.first.header("Retry-After") or ""
        alone = opens_alone(attempt)
        facts = {"wait": wait, "alone": alone}
        severity = Severity.NOTE if alone else None
        yield claim(attempt, "limits", Where.SERVER, facts, Confidence.LIKELY, severity)
