"""Nobody answers to the address on its own network: after three unanswered requests by ARP (RFC
826) or neighbour discovery (RFC 4861 section 7.2.2), in 3 s, this machine or the last router
says host unreachable. The time tells it from a rule that says the same at once."""

from collections.abc import Iterator
from dataclasses import replace

from checks.tcp import Port, answers, claim, facts, ports, subjects
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection], explains=["tcp.timeout"])
def host_down(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "host-down")
    if not met:
        return
    silent = _as_silent(evidence)
    told = [port.telling.icmp for port in met if port.telling.icmp]
    routers = (error.sender for error in told if not error.local)
    confidence = Confidence.CERTAIN if all(map(_certain, met)) else Confidence.LIKELY
    made = claim(
        evidence,
        met,
        Manual("start", Where.CLOUD_CONSOLE),
        Manual("record", Where.DNS_PROVIDER),
        besides=tuple(one for port in silent for one in port.tries),
        confidence=Confidence.LIKELY if silent else confidence,
        ruled_out=("tcp.rejected-by-host", "tcp.refused", "tcp.timeout") if told else (),
        said={
            "routers": tuple(dict.fromkeys(routers)),
            "icmp_seen": bool(told),
            "here": any(error.local for error in told),
            "answers": answers(met),
            "seconds": max(port.telling.took for port in met),
            "silent": tuple(port.address for port in silent),
        },
    )
    yield replace(made, covers=subjects((*met, *silent)))


def _as_silent(evidence: Evidence) -> tuple[Port, ...]:
    """The site's other addresses where nothing at all answers, on any port, while the site answers
    nowhere: a host that is down is silent at all of its addresses, and only some routers say so."""
    if ports(evidence, "open", "unstable"):
        return ()
    silent = ports(evidence, "silent")
    return tuple(
        port
        for port in silent
        if not any(facts(evidence, (port,))[f"{how}_ports"] for how in _SIGNS_OF_LIFE)
    )


_SIGNS_OF_LIFE = ("open", "refusing", "rejected")


def _certain(port: Port) -> bool:
    seen = port.telling
    return seen.icmp is not None and (not seen.icmp.local or seen.on_link is True)
