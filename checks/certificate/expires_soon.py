"""Less than a third of the certificate's lifetime is left, or less than 21 days, whichever is
shorter: automatic renewal, which comes at a third, should have happened by now."""

from collections.abc import Iterator
from datetime import timedelta

from checks.certificate import claim, renewal
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served


@check(severity=Severity.WARNING, needs=[Handshake])
def expires_soon(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        if one.leaf.not_after is None or not one.leaf.is_due(evidence.started_at):
            continue
        left = one.leaf.not_after - evidence.started_at
        if timedelta(0) <= left:
            facts = {"days": left.days, "hours": int(left.total_seconds() // 3600)}
            yield claim(evidence, one, facts, renewal(evidence, one.leaf))
