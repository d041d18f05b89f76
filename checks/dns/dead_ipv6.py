"""The name's IPv6 addresses do not reply, and IPv4 works. Browsers hide it because they try both
(RFC 8305); monitors, mail servers and certificate authorities do not. If this machine has no IPv6,
nothing is concluded."""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from checks.http._fronts import front_at
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
from diagnose.model.dns import DnsAnswer, Resolution, addresses_by_state, is_loopback_name
from diagnose.model.tcp import Connection


@check(
    severity=Severity.WARNING,
    needs=[Resolution, Connection],
    needs_fault=[Connection],
    explains=["host.no-route", *CONNECTION_FAILURES, "http.port-closed"],
)
def dead_ipv6(evidence: Evidence) -> Iterator[Claim]:
    live_addresses, dead_addresses, unknown_addresses = addresses_by_state(evidence, 6)
    ipv4, _, _ = addresses_by_state(evidence, 4)
    # For localhost, ::1 is this machine's own setting and not a DNS record.
    if (
        not dead_addresses
        or live_addresses
        or unknown_addresses
        or not ipv4
        or is_loopback_name(evidence.target.host)
    ):
        return
    attempts = tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.address in dead_addresses and connection.is_to_target
    )
    # The server was looked into, and does not have these addresses.
    is_foreign = all(front_at(evidence, address) for address in dead_addresses)
    yield Claim(
        about=Subject(text=", ".join(f"[{address}]" for address in dead_addresses)),
        covers=tuple(Subject(address=address) for address in dead_addresses),
        because=attempts,
        confidence=(
            Confidence.CERTAIN if _ipv6_works_here(evidence, attempts) else Confidence.LIKELY
        ),
        facts={
            "name": evidence.target.host,
            "dead": dead_addresses,
            "ipv4": ipv4,
            "port": evidence.target.port,
            "tls": evidence.target.uses_tls,
            "how": tuple(
                dict.fromkeys(
                    connection.failure.message for connection in attempts if connection.failure
                )
            ),
            "proven": _ipv6_works_here(evidence, attempts),
            "refused": any(map(_is_refused, attempts)),
            "foreign": is_foreign,
            "own": _own_addresses(evidence) if is_foreign else (),
            "plain": any(
                connection.failure is None and connection.address in dead_addresses
                for connection in evidence.of(Connection)
            ),
        },
        fix=Fix(
            (Manual("remove" if is_foreign else "serve-or-remove", Where.DNS_PROVIDER),),
            Applicability.MANUAL,
        ),
    )


def _own_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the server's own public IPv6 addresses."""
    from diagnose.model.addresses import is_private
    from diagnose.model.server import server_addresses

    addresses = (address for address in server_addresses(evidence) if ":" in address)
    return tuple(address for address in addresses if not is_private(address) and address != "::1")[
        :4
    ]


def _ipv6_works_here(evidence: Evidence, attempts: tuple[Connection, ...]) -> bool:
    """Return whether this machine received any reply over IPv6, from an address of the site or from
    a resolver."""
    remote_senders = {"host", "router"}
    return any(
        _is_refused(connection) or connection.rejected_by in remote_senders
        for connection in attempts
    ) or any(
        ":" in answer.server and not answer.server.startswith(("fe80", "::1"))
        for answer in evidence.good(DnsAnswer)
    )


def _is_refused(connection: Connection) -> bool:
    return connection.failure is not None and connection.failure.kind == "refused"
