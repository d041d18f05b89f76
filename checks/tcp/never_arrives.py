"""Both ends at once: while this machine tried, the server watched its own interfaces, where a
packet shows before any rule of the server (packet(7)), and none of the SYNs came. So they are
dropped before it."""

from collections.abc import Iterator

from checks.tcp import Port, claim, ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Severity, Where
from diagnose.model.dns import own_addresses
from diagnose.model.kernel import Capture, Watch, watched
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection


@check(
    severity=Severity.ERROR,
    needs=[Connection, Capture],
    explains=["tcp.timeout", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def never_arrives(evidence: Evidence) -> Iterator[Claim]:
    met = tuple(one for one in ports(evidence, "silent") if _may_be_its_own(evidence, one))
    watch = watched(evidence, (seen for one in met for seen in one.tries))
    if not met or watch is None or watch.ours:
        return
    held = all(one.address in _held(evidence) for one in met)
    yield claim(
        evidence,
        met,
        Manual("blocked" if watch.others else "security-group", Where.CLOUD_CONSOLE),
        Manual("other-line", Where.CLIENT),
        besides=(watch.capture,),
        confidence=_confidence(watch, held),
        ruled_out=("firewall.port-closed", "tcp.no-return-route", "tcp.reverse-path-filter"),
        said={
            "others": watch.others[:3],
            "others_arrive": bool(watch.others),
            "seconds": watch.capture.took,
            "held": held,
        },
    )


def _confidence(watch: Watch, held: bool) -> Confidence:
    """Where others' arrive, one of them might be ours under an address that nobody here knows. An
    address that the server does not hold may be translated to it, or belong to another machine."""
    if not watch.others:
        return Confidence.CERTAIN if held else Confidence.LIKELY
    return Confidence.LIKELY if watch.known else Confidence.POSSIBLE


def _held(evidence: Evidence) -> set[str]:
    return {address for one in evidence.good(Interface) for address in one.addresses}


def _may_be_its_own(evidence: Evidence, port: Port) -> bool:
    """Whether the address is the server's, or may be translated to one of its private ones. IPv6
    is not translated, nor is IPv4 where a server holds a public address."""
    if port.address in _held(evidence):
        return True
    return ":" not in port.address and all(":" in one for one in own_addresses(evidence))
