"""Less than a third of the certificate's lifetime is left, or less than 21 days, whichever is
shorter. Automatic renewal starts at a third, so it should have happened by now."""

from collections.abc import Iterator
from datetime import timedelta

from checks.certificate import claim, renewal_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.renewal import RenewalSchedule, RenewalStart
from diagnose.model.tls import Handshake, served_certificates


@check(severity=Severity.WARNING, needs=[Handshake])
def expires_soon(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(evidence):
        if served_cert.leaf.not_after is None or not served_cert.leaf.is_due(evidence.started_at):
            continue
        time_left = served_cert.leaf.not_after - evidence.started_at
        if timedelta(0) <= time_left:
            facts = {
                "days": time_left.days,
                "hours": int(time_left.total_seconds() // 3600),
                "unstarted": _is_unstarted(evidence),
            }
            yield claim(evidence, served_cert, facts, renewal_fix(evidence, served_cert.leaf))


def _is_unstarted(evidence: Evidence) -> bool:
    """Return whether nothing that works was found which starts the renewal by itself, where all
    that may start it was seen."""
    starts = evidence.good(RenewalStart)
    return any(
        schedule.is_complete and all(start.fault for start in starts if start.tool == schedule.tool)
        for schedule in evidence.good(RenewalSchedule)
    )
