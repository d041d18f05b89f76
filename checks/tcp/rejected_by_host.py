"""The target replies to a SYN with an ICMP error of its own. Only a packet filter on the target
does that (firewalld by default, and `REJECT` or `reject` with any type but port unreachable). RFC
1812 section 5.2.7.1, RFC 4443 section 3.1.

Before Linux 6.2 the sender of the error often cannot be read. Then it is likely if another port of
the same address replies, or if IPv4 fails with "No route to host" and IPv6 with "Permission
denied", as firewalld does.
"""

import errno
from collections.abc import Iterator

from checks.tcp import ProbedPort, claim, facts, failure_summaries, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp


@check(severity=Severity.ERROR, needs=[Connection], needs_fault=[Connection])
def rejected_by_host(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "rejected-by-host")
    if not ports:
        return
    confidence = _confidence(ports, _other_ports_answer(facts(evidence, ports)))
    certain = confidence is Confidence.CERTAIN
    yield claim(
        evidence,
        ports,
        Manual("look-inside", Where.SERVER),
        extra_facts=_rejection_facts(ports) | {"certain": certain},
        confidence=confidence,
        ruled_out=("tcp.rejected-by-router", "tcp.timeout", "tcp.refused") if certain else (),
    )


def _other_ports_answer(port_facts: dict[str, object]) -> bool:
    """Return whether another port accepts connections, or TCP itself refuses them."""
    return bool(port_facts["open_ports"] or port_facts["refusing_ports"])


def _confidence(ports: tuple[ProbedPort, ...], other_ports_answer: bool) -> Confidence:
    if any(port.decisive_attempt.rejected_by == "host" for port in ports):
        return Confidence.CERTAIN
    error_codes = {
        port.decisive_attempt.failure.code for port in ports if port.decisive_attempt.failure
    }
    is_firewalld_pair = {errno.EHOSTUNREACH, errno.EACCES} <= error_codes
    return Confidence.LIKELY if other_ports_answer or is_firewalld_pair else Confidence.POSSIBLE


def _rejection_facts(ports: tuple[ProbedPort, ...]) -> dict[str, object]:
    """Return the numbers of the first reject, and a short form of all of them."""
    attempt = ports[0].decisive_attempt
    error = attempt.icmp
    icmp_name = icmp.error_name(error.version, error.type, error.code) if error else None
    return {
        "answers": failure_summaries(ports),
        "sender": error.sender if error else None,
        "icmp_type": error.type if error else None,
        "icmp_code": error.code if error else None,
        "icmp_name": icmp_name,
        "errno": attempt.failure.name if attempt.failure else None,
        "ms": round(attempt.took * 1000),
    }
