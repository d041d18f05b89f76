"""ECONNREFUSED: the reply was a reset (RFC 9293 section 3.10.7.1) or an ICMP error "port
unreachable". From outside nobody can tell whether nothing listens or a firewall replies."""

from collections.abc import Iterator

from checks.tcp import claim, probed_ports
from checks.tcp._reset_sender import reset_sender
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Host, Manual, Severity, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection], needs_fault=[Connection])
def refused(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "refused")
    if ports and not _is_for_visitors(evidence):
        is_here = all(is_loopback(port.address) for port in ports)
        sender = reset_sender(evidence, ports)
        extra_facts = {
            "filtered": sender.name == "filter",
            "led_away": sender.name == "kernel",
            "icmp": any(port.decisive_attempt.icmp for port in ports),
            "here": is_here,
        }
        # For a loopback address no SSH to a server is needed.
        step = Manual("here", Where.CLIENT) if is_here else Manual("look-inside", Where.SERVER)
        yield claim(
            evidence, ports, step, extra_facts=extra_facts, extra_observations=sender.because
        )


def _is_for_visitors(evidence: Evidence) -> bool:
    """Return whether the port is redirected for visitors, and not for this server itself."""
    if not any(host.via == "local" for host in evidence.of(Host)):
        return False
    from checks.firewall._nat import is_redirected_away, redirects_for_visitors

    port = evidence.target.port
    return bool(redirects_for_visitors(evidence, port)) or is_redirected_away(evidence, port)
