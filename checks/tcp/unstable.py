"""Some attempts at the port succeeded and some failed: the accept queue or the connection table is
full, new connections are limited, or some of several machines behind one address are broken."""

from collections.abc import Iterator

from checks.tcp import facts, probed_ports, subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.tcp import Connection


@check(severity=Severity.WARNING, needs=[Connection], needs_fault=[Connection])
def unstable(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "unstable")
    if not ports:
        return
    attempts = tuple(attempt for port in ports for attempt in port.attempts)
    failures = (attempt.failure.message for attempt in attempts if attempt.failure)
    yield Claim(
        about=merge_subjects(subjects(ports)),
        covers=subjects(ports),
        because=attempts,
        confidence=Confidence.LIKELY,
        facts=facts(evidence, ports)
        | {
            "answered": sum(attempt.failure is None for attempt in attempts),
            "tries": len(attempts),
            "failures": tuple(dict.fromkeys(failures)),
        },
        fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )
