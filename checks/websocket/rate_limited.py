"""The handshake meets a rate limit: 429 (RFC 6585 section 4), or a 503 that mentions a limit."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade


@check(severity=Severity.WARNING, needs=[Upgrade])
def rate_limited(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "limited"):
        wait = attempt.first.header("Retry-After") or ""
        yield claim(attempt, "limits", Where.SERVER, {"wait": wait}, Confidence.LIKELY)
