"""One try at the port was answered and another was not: a full accept queue or connection table,
a limit on new connections, or several machines behind one address of which some are ill."""

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


@check(severity=Severity.WARNING, needs=[Connection])
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
