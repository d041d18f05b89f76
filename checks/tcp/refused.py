"""ECONNREFUSED: the reply was a reset (RFC 9293 section 3.10.7.1) or an ICMP error "port
unreachable". From outside nobody can tell whether nothing listens or a firewall replies."""

from collections.abc import Iterator

from checks.tcp import claim, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Manual, Severity, Where
from diagnose.model.dns import is_within
from diagnose.model.tcp import Connection

LOOPBACK = ("127.0.0.0/8", "::1/128")


@check(severity=Severity.ERROR, needs=[Connection])
def refused(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "refused")
    if ports:
        is_loopback = all(is_within(port.address, LOOPBACK) for port in ports)
        extra_facts = {
            "icmp": any(port.decisive_attempt.icmp for port in ports),
            "here": is_loopback,
        }
        # For a loopback address no SSH to a server is needed.
        step = Manual("here", Where.CLIENT) if is_loopback else Manual("look-inside", Where.SERVER)
        yield claim(evidence, ports, step, extra_facts=extra_facts)
