"""DNS gives the name an address that is not reachable over the Internet. It is an error if the
address does not reply here either; for an internal site that works it is at most a note."""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from checks.firewall import CLOSED_PORT
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
from diagnose.model.addresses import LOCAL_ONLY, is_guarded, is_private, is_within
from diagnose.model.dns import (
    DnsAnswer,
    final_answers,
    is_local_name,
    own_addresses,
    serving_addresses,
)
from diagnose.model.tcp import Connection
from diagnose.parsers import icmp

#: Domains that resolve on purpose to loopback or to the address in the name.
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
        *CLOSED_PORT,
        "server.certificate-not-issued",
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
    attempts = [connection for connection in evidence.of(Connection) if connection.is_to_target]
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
            "own": serving_addresses(evidence),
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
    """Return the severity; None means the check's own, an error.

    It is an error only if the address was tried and no machine is there, because an internal site
    that is broken has another fault than its address. It is also an error if the address works only
    because the probes run on the server, whose public address should be in DNS instead of its
    loopback.
    """
    name = evidence.target.host
    if not private_connections and all(map(is_guarded, addresses)):
        # It was not tried, and it is no address that a visitor could use.
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
    """Return whether this machine has no route into the network of the addresses, as a router or
    the machine itself reports.

    Within that network, a timeout or a refusal is the site's own fault.
    """
    return all(
        connection.unroutable or _has_no_route(connection) for connection in private_connections
    )


def _has_no_route(connection: Connection) -> bool:
    error = connection.icmp
    if error is None or connection.rejected_by != "router":
        return False
    return icmp.error_meaning(error.version, error.type, error.code) in {"network", "host"}


def _is_alive(connection: Connection) -> bool:
    """Return whether a machine exists at the address, which may be the site's.

    This machine's loopback always replies, so it counts only if the port is open.
    """
    if connection.failure is None:
        return True
    if is_within(connection.address, LOCAL_ONLY):
        return False
    return connection.failure.kind == "refused" or connection.rejected_by == "host"
