"""One try at the port was answered and another was not: a full accept queue or connection table,
a limit on new connections, or several machines behind one address of which some are ill."""

from collections.abc import Iterator

from checks.tcp import facts, ports, subjects
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
    together,
)
from diagnose.model.tcp import Connection


@check(severity=Severity.WARNING, needs=[Connection])
def unstable(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "unstable")
    if not met:
        return
    tries = tuple(one for port in met for one in port.tries)
    failures = (one.failure.message for one in tries if one.failure)
    yield Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=tries,
        confidence=Confidence.LIKELY,
        facts=facts(evidence, met)
        | {
            "answered": sum(one.failure is None for one in tries),
            "tries": len(tries),
            "failures": tuple(dict.fromkeys(failures)),
        },
        fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )
