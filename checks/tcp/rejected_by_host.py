"""The target answers a SYN with an ICMP error of its own: that is what a packet filter on it
does that rejects (firewalld by default, and `REJECT` or `reject` with any type but port
unreachable), and nothing else. RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.

Before Linux 6.2 the sender often cannot be read. Then that another port of the same address
answers, or the pair of "No route to host" over IPv4 and "Permission denied" over IPv6 that
firewalld makes, makes it likely.
"""

import errno
from collections.abc import Iterator

from checks.tcp import Port, answers, claim, facts, ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp


@check(severity=Severity.ERROR, needs=[Connection])
def rejected_by_host(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "rejected-by-host")
    if not met:
        return
    confidence = _confidence(met, _others_answer(facts(evidence, met)))
    certain = confidence is Confidence.CERTAIN
    yield claim(
        evidence,
        met,
        Manual("look-inside", Where.SERVER),
        said=_telling(met) | {"certain": certain},
        confidence=confidence,
        ruled_out=("tcp.rejected-by-router", "tcp.timeout", "tcp.refused") if certain else (),
    )


def _others_answer(told: dict[str, object]) -> bool:
    """Whether another port takes connections, or refuses them by TCP itself."""
    return bool(told["open_ports"] or told["refusing_ports"])


def _confidence(met: tuple[Port, ...], others_answer: bool) -> Confidence:
    if any(port.telling.rejected_by == "host" for port in met):
        return Confidence.CERTAIN
    names = {port.telling.failure.code for port in met if port.telling.failure}
    pair = {errno.EHOSTUNREACH, errno.EACCES} <= names
    return Confidence.LIKELY if others_answer or pair else Confidence.POSSIBLE


def _telling(met: tuple[Port, ...]) -> dict[str, object]:
    """The numbers of the first reject, and all of them in short."""
    seen = met[0].telling
    error = seen.icmp
    named = icmp.name(error.version, error.type, error.code) if error else None
    return {
        "answers": answers(met),
        "sender": error.sender if error else None,
        "icmp_type": error.type if error else None,
        "icmp_code": error.code if error else None,
        "icmp_name": named,
        "errno": seen.failure.name if seen.failure else None,
        "ms": round(seen.took * 1000),
    }
