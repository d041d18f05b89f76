"""The kernel has no route for replies from the server's published address, or a rule of ip-rule(8)
leads them to a table without one: it accepts a SYN, and the reply is never sent. On the server
itself everything looks healthy, because its own connections never leave it."""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.addresses import is_private
from diagnose.model.dns import resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface, Route
from diagnose.model.tcp import Connection


@frozen
class _UnroutableAddresses:
    """The published addresses from which the server cannot reply, with the evidence."""

    addresses: tuple[str, ...]
    routes: tuple[Route, ...]


@check(
    severity=Severity.ERROR,
    needs=[Interface, Route],
    explains=[
        "host.no-route",
        "dns.resolver-unreachable",
        "dns.servfail",
        "dns.dead-address",
        "dns.dead-ipv6",
        "tcp.host-down",
        "tcp.timeout",
        "tcp.closed-outside",
        "tcp.open-elsewhere",
        "http.port-closed",
    ],
)
def no_return_route(evidence: Evidence) -> Iterator[Claim]:
    unroutable = _unroutable_addresses(evidence)
    if not unroutable.routes:
        return
    families = tuple(dict.fromkeys(route.family for route in unroutable.routes))
    other_addresses = [
        address for address in resolved_addresses(evidence) if address not in unroutable.addresses
    ]
    device = _device(evidence, unroutable.routes[0].source)
    step = "change-rule" if unroutable.routes[0].rules else "add-route"
    failed_connections = [
        connection
        for connection in evidence.of(Connection)
        if connection.address in unroutable.addresses and connection.failure
    ]
    yield Claim(
        about=Subject(text=", ".join(f"IPv{family}" for family in families)),
        covers=_covers(evidence, unroutable),
        because=(*unroutable.routes, *failed_connections),
        confidence=Confidence.CERTAIN if _holds_sources(unroutable) else Confidence.LIKELY,
        # Clients fall back to the address that works (RFC 8305).
        severity=Severity.WARNING if other_addresses else None,
        facts={
            "families": tuple(f"IPv{family}" for family in families),
            "addresses": unroutable.addresses,
            "sources": tuple(dict.fromkeys(route.source for route in unroutable.routes)),
            "others": tuple(other_addresses),
            "towards": unroutable.routes[0].towards,
            "source": unroutable.routes[0].source,
            "said": unroutable.routes[0].failure.message if unroutable.routes[0].failure else "",
            "device": device,
            "lookup": unroutable.routes[0].equivalent,
            "rules": unroutable.routes[0].rules,
            "ip": "ip -6" if families[0] == 6 else "ip",
        },
        fix=Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )


def _unroutable_addresses(evidence: Evidence) -> _UnroutableAddresses:
    routes = [route for route in evidence.of(Route) if route.vantage is Vantage.SERVER]
    routed_families = {route.family for route in routes if route.failure is None}
    failed_routes = [
        route
        for route in routes
        if route.failure and (route.rules or route.family not in routed_families)
    ]
    published = resolved_addresses(evidence)
    addresses: list[str] = []
    proof_routes: list[Route] = []
    for route in failed_routes:
        is_published = route.source in published if published else not is_private(route.source)
        translated = [] if is_published else _translated_addresses(evidence, route)
        ports = (evidence.target.port,) if route.rules else ()
        if (is_published and not _is_answered(evidence, route.source, ports)) or translated:
            addresses += translated or [route.source]
            proof_routes.append(route)
    return _UnroutableAddresses(tuple(dict.fromkeys(addresses)), tuple(proof_routes))


def _translated_addresses(evidence: Evidence, route: Route) -> list[str]:
    """Return the published addresses that a cloud may translate to this private one.

    Only if none of them answers and the server has no public address of its own.
    """
    interface_addresses = [
        address for interface in evidence.good(Interface) for address in interface.addresses
    ]
    same_family = [
        address for address in interface_addresses if (":" in address) is (route.family == 6)
    ]
    if route.family == 6 or not all(map(is_private, same_family)):
        return []
    public_ipv4 = [
        address
        for address in resolved_addresses(evidence)
        if ":" not in address and not is_private(address)
    ]
    failed_addresses = {
        connection.address for connection in evidence.of(Connection) if connection.failure
    }
    any_answers = any(_is_answered(evidence, address) for address in public_ipv4)
    return (
        [] if any_answers else [address for address in public_ipv4 if address in failed_addresses]
    )


def _is_answered(evidence: Evidence, address: str, ports: tuple[int, ...] = ()) -> bool:
    """Return whether another machine got a reply from the address, and from one of the ports if
    there are any. The server's connections to itself prove nothing."""
    server_hosts = [host for host in evidence.of(Host) if host.vantage is Vantage.SERVER]
    if any(host.via == "local" for host in server_hosts):
        return False
    return any(
        connection.address == address and (not ports or connection.port in ports)
        for connection in evidence.good(Connection)
    )


def _holds_sources(unroutable: _UnroutableAddresses) -> bool:
    return all(route.source in unroutable.addresses for route in unroutable.routes)


def _covers(evidence: Evidence, unroutable: _UnroutableAddresses) -> tuple[Subject, ...]:
    """Return the subjects of these addresses, and also the subject without an address if no other
    address is published."""
    subjects = tuple(Subject(address=address) for address in unroutable.addresses)
    covers_all = not set(resolved_addresses(evidence)) - set(unroutable.addresses)
    return (Subject(),) if covers_all else subjects


def _device(evidence: Evidence, address: str) -> str:
    return next(
        (
            interface.name
            for interface in evidence.good(Interface)
            if address in interface.addresses
        ),
        "",
    )
