"""By the server's routes some visitors are its neighbours, and they are not: the replies to them
are not sent. The bridge of a container engine or a tunnel has the visitors' network, or the netmask
of an interface is too wide.

Their connections wait for the third packet of the handshake, and the kernel asks in vain for their
link-layer addresses (ARP, RFC 826; neighbor discovery, RFC 4861). Both was seen. A neighbour that
was switched off in these seconds looks the same, so in the network of the gateway several are
needed. The visitor for whom the run judges (--from) need not ask at this moment: the kernel asked
for the address on the bridge, and nobody answered.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from checks.firewall import EXPLAINS
from checks.firewall._visitors import external_connections, target_addresses
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
from diagnose.model.server import Interface, LostReplies
from diagnose.model.tcp import Connection
from diagnose.parsers.linux.bans import network_contains

#: Visitors that are needed where the device is that of the default route, unless the network is one
#: that no neighbours fill.
_SEVERAL = 2
#: Prefix lengths of a network that is wider than the networks of a provider are.
_WIDE = {4: 16, 6: 56}
#: A bridge that a container engine or a hypervisor has made; `br-lan` is a person's.
_BRIDGES = re.compile(r"docker|br-[0-9a-f]+$|podman|cni|virbr|lxc|lxd")
#: Private networks that engines, companies and home routers seldom use.
_FREE = ("10.213.0.0/16", "10.214.0.0/16", "10.229.0.0/16", "172.30.0.0/16")


@check(severity=Severity.ERROR, needs=[LostReplies], explains=EXPLAINS)
def visitors_on_link(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    for lost in evidence.good(LostReplies):
        if lost.is_default and len(lost.visitors) < _SEVERAL and not _is_wide(lost.network):
            continue
        is_bridge = _BRIDGES.match(lost.device) is not None
        if lost.is_told and not is_bridge:
            continue  # A neighbour on a bridge of a person's may just be switched off.
        failed = [item for item in evidence.of(Connection) if item.failure and item.port == port]
        is_open = bool(external_connections(evidence, port))
        yield Claim(
            about=Subject(text=f"route to {lost.network or lost.visitors[0]}"),
            covers=tuple(
                Subject(address=address, port=port)
                for address in (
                    target_addresses(evidence)
                    if lost.is_told
                    else [item.address for item in failed]
                )
            ),
            because=(lost, *failed),
            severity=Severity.ERROR
            if lost.is_told or (failed and not is_open)
            else Severity.WARNING,
            confidence=Confidence.LIKELY,
            facts={
                "visitors": lost.visitors[:4],
                "visitor": lost.visitors[0],
                "device": lost.device,
                "network": lost.network,
                "bridge": is_bridge,
                "wide": lost.is_default,
                "told": lost.is_told,
                "engine": lost.engine_network if lost.engine_network != "bridge" else "",
                "default_bridge": lost.device == "docker0",
                "project": lost.project,
                "pool": _free_network(evidence, lost),
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


def _free_network(evidence: Evidence, lost: LostReplies) -> str:
    """Return a private network that no interface of the server has and no lost visitor is in."""
    used = []
    for interface in evidence.of(Interface):
        for network in interface.networks:
            try:
                used.append(ip_network(network, strict=False))
            except ValueError:
                continue
    for candidate in _FREE:
        pool = IPv4Network(candidate)
        is_taken = any(pool.overlaps(item) for item in used if isinstance(item, IPv4Network))
        if not is_taken and not any(network_contains(candidate, who) for who in lost.visitors):
            return candidate
    return ""
