"""ECONNREFUSED: a reset (RFC 9293 section 3.10.7.1), or an ICMP error that says port unreachable.
From outside nobody can tell whether nothing listens or a firewall answers in the port's name."""

from collections.abc import Iterator

from checks.tcp import claim, ports
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection])
def refused(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "refused")
    if met:
        said = {"icmp": any(port.telling.icmp for port in met)}
        yield claim(evidence, met, Manual("look-inside", Where.SERVER), said=said)
