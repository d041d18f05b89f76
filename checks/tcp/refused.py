"""ECONNREFUSED: a reset (RFC 9293 section 3.10.7.1), or an ICMP error that says port unreachable.
From outside nobody can tell whether nothing listens or a firewall answers in the port's name."""

from collections.abc import Iterator

from checks.tcp import facts, ports, severity, subjects
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    together,
)
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection])
def refused(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "refused")
    if not met:
        return
    yield Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=tuple(one for port in met for one in port.tries),
        severity=severity(evidence),
        facts=facts(evidence, met) | {"icmp": any(port.telling.icmp for port in met)},
        fix=Fix((Manual("look-inside", Where.SERVER),), Applicability.MANUAL),
    )
