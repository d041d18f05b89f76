"""None of this machine's SYNs reaches the server, so they are dropped before it.

Both ends were observed: while this machine connected, the server captured packets on its
interfaces, where a packet shows before any rule applies (packet(7)).
"""

from collections.abc import Iterator

from checks.tcp import ProbedPort, claim, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.dns import own_addresses
from diagnose.model.kernel import Capture
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.syn_watch import SynWatch, syn_watch
from diagnose.model.tcp import Connection


@check(
    severity=Severity.ERROR,
    needs=[Connection, Capture],
    explains=[
        "tcp.timeout",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
    ],
)
def never_arrives(evidence: Evidence) -> Iterator[Claim]:
    ports = tuple(
        port for port in probed_ports(evidence, "silent") if _may_be_server_address(evidence, port)
    )
    watch = syn_watch(evidence, (attempt for port in ports for attempt in port.attempts))
    # Without another packet in the capture, it may have missed everything.
    if not ports or watch is None or watch.ours or not watch.control:
        return
    hooked_interfaces = _interfaces_with_xdp(evidence)
    holds_addresses = all(
        port.address in interface_addresses(evidence.good(Interface)) for port in ports
    )
    yield claim(
        evidence,
        ports,
        Manual("blocked" if watch.others else "security-group", Where.CLOUD_CONSOLE),
        Manual("other-line", Where.CLIENT),
        extra_observations=(watch.capture, *hooked_interfaces),
        confidence=(
            Confidence.POSSIBLE if hooked_interfaces else _confidence(watch, holds_addresses)
        ),
        ruled_out=("firewall.port-closed", "tcp.no-return-route", "tcp.reverse-path-filter"),
        extra_facts={
            "others": watch.others[:3],
            "others_arrive": bool(watch.others),
            "seconds": watch.capture.took,
            "held": holds_addresses,
            "xdp": tuple(interface.name for interface in hooked_interfaces),
        },
    )


def _confidence(watch: SynWatch, holds_addresses: bool) -> Confidence:
    """Return the confidence. It is lower if the SYNs of others arrive: one may be ours under a
    translated address. It is also lower if the server does not hold the address, which may be
    translated to it or belong to another machine."""
    if not watch.others:
        return Confidence.CERTAIN if holds_addresses else Confidence.LIKELY
    return Confidence.LIKELY if watch.known else Confidence.POSSIBLE


def _interfaces_with_xdp(evidence: Evidence) -> tuple[Interface, ...]:
    """Return the interfaces with an XDP program, which drops packets before any capture sees them
    (ip-link(8), xdp)."""
    return tuple(interface for interface in evidence.good(Interface) if interface.xdp)


def _may_be_server_address(evidence: Evidence, port: ProbedPort) -> bool:
    """Return whether the address is the server's, or may be translated to one of its private
    addresses.

    IPv6 is not translated. Neither is IPv4 if the server holds a public address.
    """
    if port.address in interface_addresses(evidence.good(Interface)):
        return True
    return ":" not in port.address and all(":" in address for address in own_addresses(evidence))
