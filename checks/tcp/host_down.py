"""No host answers for the address on its own network. After three unanswered requests by ARP (RFC
826) or neighbour discovery (RFC 4861 section 7.2.2), within 3 s, this machine or the last router
reports "host unreachable". A firewall rule that sends the same error does so at once."""

from collections.abc import Iterator
from dataclasses import replace

from checks.tcp import ProbedPort, claim, facts, failure_summaries, probed_ports, subjects
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.tcp import Connection


@check(
    severity=Severity.ERROR, needs=[Connection], needs_fault=[Connection], explains=["tcp.timeout"]
)
def host_down(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "host-down")
    if not ports:
        return
    silent_ports = _other_silent_ports(evidence)
    icmp_errors = [port.decisive_attempt.icmp for port in ports if port.decisive_attempt.icmp]
    routers = (error.sender for error in icmp_errors if not error.local)
    confidence = Confidence.CERTAIN if all(map(_is_certain, ports)) else Confidence.LIKELY
    base_claim = claim(
        evidence,
        ports,
        Manual("start", Where.CLOUD_CONSOLE),
        Manual("record", Where.DNS_PROVIDER),
        extra_observations=tuple(attempt for port in silent_ports for attempt in port.attempts),
        confidence=Confidence.LIKELY if silent_ports else confidence,
        ruled_out=("tcp.rejected-by-host", "tcp.refused", "tcp.timeout") if icmp_errors else (),
        extra_facts={
            "routers": tuple(dict.fromkeys(routers)),
            "icmp_seen": bool(icmp_errors),
            "here": any(error.local for error in icmp_errors),
            "answers": failure_summaries(ports),
            "seconds": max(port.decisive_attempt.took for port in ports),
            "silent": tuple(port.address for port in silent_ports),
        },
    )
    yield replace(base_claim, covers=subjects((*ports, *silent_ports)))


def _other_silent_ports(evidence: Evidence) -> tuple[ProbedPort, ...]:
    """Return the site's other addresses where no port replies, if the site works nowhere.

    A host that is down is silent at all of its addresses, and only some routers report it.
    """
    if probed_ports(evidence, "open", "unstable"):
        return ()
    silent_ports = probed_ports(evidence, "silent")
    return tuple(
        port
        for port in silent_ports
        if not any(facts(evidence, (port,))[f"{sign}_ports"] for sign in _SIGNS_OF_LIFE)
    )


_SIGNS_OF_LIFE = ("open", "refusing", "rejected")


def _is_certain(port: ProbedPort) -> bool:
    attempt = port.decisive_attempt
    return attempt.icmp is not None and (not attempt.icmp.local or attempt.on_link is True)
