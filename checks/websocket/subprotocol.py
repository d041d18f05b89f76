"""The subprotocol does not match (RFC 6455 section 4.2.2): the server chose one that was not
offered, or none of those offered. A server that only requires a certain name is healthy, and the
finding names it."""

from collections.abc import Iterator

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade


@check(severity=Severity.ERROR, needs=[Upgrade])
def subprotocol(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "offered"):
        chosen = next(retry for retry in attempt.retries if retry.variant == "subprotocol")
        names = (chosen.subprotocol,) if chosen.subprotocol else chosen.offered
        facts = {"names": names, "chosen": "", "needed": True}
        yield claim(attempt, "align", Where.APPLICATION, facts, severity=Severity.NOTE)
    for attempt in refused_attempts(evidence, "subprotocol"):
        retries = [retry for retry in attempt.retries if retry.variant == "subprotocol"]
        last = retries[-1] if retries else attempt.first
        facts = {"names": last.offered, "chosen": last.subprotocol or "", "needed": False}
        yield claim(attempt, "align", Where.APPLICATION, facts)
