"""DNS gives the name an address that nobody on the Internet can reach. That is an error where the
address does not answer here either; an internal site that works is at most worth a note."""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
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
from diagnose.model.dns import (
    LOCAL_ONLY,
    DnsAnswer,
    final_answers,
    is_guarded,
    is_local_name,
    is_private,
    is_within,
    own_addresses,
)
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

#: Domains that lead to loopback, or to the address in the name, on purpose.
FOR_DEVELOPERS = (".localtest.me", ".lvh.me", ".nip.io", ".sslip.io", ".traefik.me")


@check(
    severity=Severity.ERROR,
    needs=[DnsAnswer],
    explains=[
        "dns.dead-address",
        "dns.dead-ipv6",
        "host.no-route",
        *CONNECTION_FAILURES,
        "http.port-closed",
        "listener.missing",
    ],
)
def private_address(evidence: Evidence) -> Iterator[Claim]:
    answers = tuple(
        answer
        for answer in final_answers(evidence).values()
        if any(map(is_private, answer.records))
    )
    addresses = tuple(
        record for answer in answers for record in answer.records if is_private(record)
    )
    if not addresses:
        return
    attempts = [
        connection
        for connection in evidence.of(Connection)
        if connection.purpose in {"target", "again"}
    ]
    private_connections = tuple(
        connection for connection in attempts if connection.address in addresses
    )
    other_connections = tuple(
        connection
        for connection in attempts
        if connection.address not in addresses and not connection.failure
    )
    name = evidence.target.host
    is_internal = is_local_name(name)
    step, step_location = "publish-public-address", Where.DNS_PROVIDER
    if is_internal:
        step, step_location = "enter-network", Where.CLIENT
    yield Claim(
        about=Subject(name=name, text=f"{name} -> {', '.join(addresses)}"),
        covers=tuple(Subject(address=address) for address in addresses),
        because=(*answers, *private_connections),
        severity=_severity(evidence, addresses, private_connections, other_connections),
        confidence=Confidence.LIKELY,
        facts={
            "name": name,
            "addresses": addresses,
            "server": answers[0].server,
            "nowhere": all(is_within(address, LOCAL_ONLY) for address in addresses),
            "works": any(connection.failure is None for connection in private_connections),
            "others": tuple(dict.fromkeys(connection.address for connection in other_connections)),
            "own": own_addresses(evidence),
            "internal": is_internal,
            "target": evidence.target.url,
        },
        fix=Fix((Manual(step, step_location),), Applicability.MANUAL),
    )


def _severity(
    evidence: Evidence,
    addresses: tuple[str, ...],
    private_connections: tuple[Connection, ...],
    other_connections: tuple[Connection, ...],
) -> Severity | None:
    """An error only if the address was tried and nobody is there: an internal site that is out
    of order has another fault than its address. Or if it works just because we are on the server,
    which has a public address that DNS should name in the place of its loopback."""
    name = evidence.target.host
    if not private_connections and all(map(is_guarded, addresses)):
        # Not tried, and it is no visitor's address anywhere.
        return Severity.WARNING if other_connections else None
    if not private_connections or name.endswith(FOR_DEVELOPERS):
        return Severity.NOTE
    if is_local_name(name):
        return None if _is_unreachable_network(private_connections) else Severity.NOTE
    is_unroutable = all(is_within(address, LOCAL_ONLY) for address in addresses)
    hides_public_address = is_unroutable and bool(own_addresses(evidence))
    if any(map(_is_alive, private_connections)) and not hides_public_address:
        return Severity.NOTE
    return Severity.WARNING if other_connections else None


def _is_unreachable_network(private_connections: tuple[Connection, ...]) -> bool:
    """Whether no way leads from here into the network that the addresses belong to: a router says
    so, or this machine itself. In that network, silence or a refusal is the site's own fault."""
    return all(
        connection.unroutable or _has_no_route(connection) for connection in private_connections
    )


def _has_no_route(connection: Connection) -> bool:
    error = connection.icmp
    if error is None or connection.rejected_by != "router":
        return False
    return icmp.error_meaning(error.version, error.type, error.code) in {"network", "host"}


def _is_alive(connection: Connection) -> bool:
    """Whether a machine is at the address, one that may well be the site's. This machine's own
    loopback always answers, and proves nothing unless the port is open."""
    if connection.failure is None:
        return True
    if is_within(connection.address, LOCAL_ONLY):
        return False
    return connection.failure.kind == "refused" or connection.rejected_by == "host"
