"""Some of the name's addresses of one IP family do not reply, and others do."""

from collections.abc import Iterator

from checks.dns import CONNECTION_FAILURES
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import Resolution, addresses_by_state, is_loopback_name
from diagnose.model.tcp import Connection


@check(
    severity=Severity.WARNING,
    needs=[Resolution, Connection],
    needs_fault=[Connection],
    explains=["host.no-route", *CONNECTION_FAILURES, "http.port-closed"],
)
def dead_address(evidence: Evidence) -> Iterator[Claim]:
    dead_addresses: list[str] = []
    live_addresses: list[str] = []
    for family in (4, 6):
        family_live, family_dead, _ = addresses_by_state(evidence, family)
        if family_live and family_dead:
            dead_addresses += family_dead
            live_addresses += family_live
    if not dead_addresses or is_loopback_name(evidence.target.host):
        return
    because = tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.address in dead_addresses and connection.is_to_target
    )
    yield Claim(
        about=Subject(text=", ".join(dead_addresses)),
        covers=tuple(Subject(address=address) for address in dead_addresses),
        because=because,
        facts={
            "name": evidence.target.host,
            "dead": tuple(dead_addresses),
            "alive": tuple(live_addresses),
            "types": tuple(
                dict.fromkeys("AAAA" if ":" in address else "A" for address in dead_addresses)
            ),
            "port": evidence.target.port,
            "how": tuple(
                dict.fromkeys(
                    connection.failure.message for connection in because if connection.failure
                )
            ),
        },
        fix=Fix((Manual("remove-address", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
