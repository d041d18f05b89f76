"""A policy of IPsec (ip-xfrm(8)) drops visitors' packets, or the server's replies: it blocks them,
or it wants them protected, and visitors of a website do not speak IPsec. strongSwan and Libreswan
make such policies with `leftsubnet` or `rightsubnet` 0.0.0.0/0, and keep them while their tunnel is
down (`auto=route`). No rule of a firewall shows it.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from checks.firewall._blockages import EXPLAINS
from checks.firewall._visitors import external_connections, target_addresses
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.addresses import ROOT_SERVERS, family_of
from diagnose.model.packet_paths import IpsecPolicies, IpsecPolicy
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.visitor import visitor_address


@check(
    severity=Severity.ERROR,
    needs=[IpsecPolicies, Interface],
    explains=[*EXPLAINS, "tcp.host-down", "dns.resolver-unreachable", "dns.servfail"],
)
def ipsec_blocks(evidence: Evidence) -> Iterator[Claim]:
    observation, port = evidence.good(IpsecPolicies)[-1], evidence.target.port
    if external_connections(evidence, port):
        return
    own = interface_addresses(evidence.good(Interface))
    visitor = visitor_address(evidence)
    # Where the resolver's replies are dropped too, the name's addresses are not known.
    for address in target_addresses(evidence) or sorted(own - {"127.0.0.1", "::1"}):
        family = family_of(address)
        far = visitor if visitor and family_of(visitor) == family else ROOT_SERVERS[family]
        policy = _deciding(observation.policies, far, address, port) if address in own else None
        if policy is not None:
            yield Claim(
                about=Subject(address=address, port=port, text=policy.text),
                covers=(Subject(address=address),),
                because=(observation,),
                facts={
                    "address": address,
                    "port": f"{port}/tcp",
                    "policy": policy.text,
                    "replies": policy.direction == "out",
                    "blocks": policy.blocks,
                    "visitor": visitor if far == visitor else "",
                },
                fix=Fix((Manual("narrow-the-policy", Where.SERVER),), Applicability.MANUAL),
            )
            return


def _deciding(
    policies: tuple[IpsecPolicy, ...], far: str, address: str, port: int
) -> IpsecPolicy | None:
    """Return the policy that stops packets from the visitor, or the replies; None if none does. The
    first one of a direction that matches decides."""
    for direction in ("in", "out"):
        for policy in policies:
            if policy.direction == direction and _matches(policy, far, address, port):
                if policy.blocks or policy.protected:
                    return policy
                break
    return None


def _matches(policy: IpsecPolicy, far: str, address: str, port: int) -> bool:
    is_in = policy.direction == "in"
    pairs = (
        (policy.source, far if is_in else address),
        (policy.destination, address if is_in else far),
    )
    own_port = policy.destination_port if is_in else policy.source_port
    far_port = policy.source_port if is_in else policy.destination_port
    return (
        all(_is_within(end, network) for network, end in pairs)
        and policy.protocol in {"", "tcp", "6"}
        and own_port in {0, port}
        # A visitor's port is any: a policy for one of them stops hardly anybody.
        and far_port == 0
    )


def _is_within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
