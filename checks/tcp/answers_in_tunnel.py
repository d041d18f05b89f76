"""The replies to visitors leave by a tunnel (WireGuard's, or a TUN device) although the site's
address is on another interface: `AllowedIPs = 0.0.0.0/0` of wg-quick(8), `redirect-gateway` of
OpenVPN. The far end drops what comes from an address that it did not give out, or answers under
another one. On the server itself everything looks healthy.
"""

from collections.abc import Iterator

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
    Vantage,
    Where,
)
from diagnose.model.addresses import is_private
from diagnose.model.server import Interface, Route, interface_addresses
from diagnose.model.tcp import Connection


@check(
    severity=Severity.ERROR,
    needs=[Interface, Route],
    explains=[*EXPLAINS, "tcp.host-down", "dns.resolver-unreachable", "dns.servfail"],
)
def answers_in_tunnel(evidence: Evidence) -> Iterator[Claim]:
    tunnels = {nic.name: nic for nic in evidence.good(Interface) if nic.tunnel}
    addresses = target_addresses(evidence)
    routes = [
        route
        for route in evidence.good(Route)
        if route.vantage is Vantage.SERVER
        and route.device in tunnels
        and route.source not in tunnels[route.device].addresses
        and _is_of_site(evidence, route, addresses)
        and not _is_answered(evidence, route)
    ]
    if not routes:
        return
    first = routes[0]
    failed = [
        connection
        for connection in evidence.of(Connection)
        if connection.address in addresses and connection.failure
    ]
    subjects = tuple(Subject(address=route.source) for route in routes)
    is_whole_site = len(addresses) <= len(routes)
    yield Claim(
        about=Subject(text=f"replies by {first.device}"),
        covers=(Subject(),) if is_whole_site else subjects,
        because=(*routes, *tunnels.values(), *failed),
        confidence=Confidence.LIKELY,
        severity=None if is_whole_site else Severity.WARNING,
        facts={
            "addresses": tuple(route.source for route in routes),
            "device": first.device,
            "lookup": first.equivalent,
            "rules": first.rules,
            "ip": "ip -6" if first.family == 6 else "ip",
        },
        fix=Fix((Manual("keep-answers-out", Where.SERVER),), Applicability.MANUAL),
    )


def _is_of_site(evidence: Evidence, route: Route, addresses: tuple[str, ...]) -> bool:
    """Return whether visitors use this address, or one that a cloud translates to it. Where the
    resolver is lost with the route, no address of the site is known."""
    if not addresses:
        return not is_private(route.source)
    own = interface_addresses(evidence.good(Interface))
    is_translated = is_private(route.source) and not own.intersection(addresses)
    return route.source in addresses or is_translated


def _is_answered(evidence: Evidence, route: Route) -> bool:
    return any(
        connection.family == route.family
        for connection in external_connections(evidence, evidence.target.port)
    )
