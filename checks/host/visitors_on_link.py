"""By the server's routes some visitors are its neighbours, and they are not: the replies to them
are not sent. The bridge of a container engine or a tunnel has the visitors' network, or the netmask
of an interface is too wide.

Their connections wait for the third packet of the handshake, and the kernel asks in vain for their
link-layer addresses (ARP, RFC 826; neighbor discovery, RFC 4861). Both was seen. A neighbour that
was switched off in these seconds looks the same, so in the network of the gateway several are
needed.
"""

from collections.abc import Iterator
from ipaddress import ip_network

from checks.firewall import EXPLAINS
from checks.firewall._visitors import external_connections
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.server import LostReplies
from diagnose.model.tcp import Connection

#: Visitors that are needed where the device is that of the default route, unless the network is one
#: that no neighbours fill.
_SEVERAL = 2
#: Prefix lengths of a network that is wider than the networks of a provider are.
_WIDE = {4: 16, 6: 56}
_BRIDGES = ("docker", "br-", "podman", "cni", "virbr", "lxc", "lxd")


@check(severity=Severity.ERROR, needs=[LostReplies], explains=EXPLAINS)
def visitors_on_link(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    for lost in evidence.good(LostReplies):
        if lost.is_default and len(lost.visitors) < _SEVERAL and not _is_wide(lost.network):
            continue
        failed = [item for item in evidence.of(Connection) if item.failure and item.port == port]
        is_open = bool(external_connections(evidence, port))
        yield Claim(
            about=Subject(text=f"route to {lost.network or lost.visitors[0]}"),
            covers=tuple(Subject(address=item.address, port=port) for item in failed),
            because=(lost, *failed),
            severity=Severity.ERROR if failed and not is_open else Severity.WARNING,
            confidence=Confidence.LIKELY,
            facts={
                "visitors": lost.visitors[:4],
                "visitor": lost.visitors[0],
                "device": lost.device,
                "network": lost.network,
                "bridge": lost.device.startswith(_BRIDGES),
                "wide": lost.is_default,
                "command": lost.equivalent,
            },
            fix=Fix(
                (
                    Manual(
                        "narrow-the-network" if lost.is_default else "move-the-network",
                        Where.SERVER,
                    ),
                ),
                Applicability.MANUAL,
            ),
        )
        return


def _is_wide(network: str) -> bool:
    try:
        parsed = ip_network(network, strict=False)
    except ValueError:
        return False
    return parsed.prefixlen < _WIDE[parsed.version]
