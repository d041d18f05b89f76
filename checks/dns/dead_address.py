"""Of several addresses of one family some do not answer, and others do."""

from collections.abc import Iterator

from checks.dns import UNREACHED
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.dns import Resolution, by_state, is_loopback_name
from diagnose.model.tcp import Connection


@check(
    severity=Severity.WARNING,
    needs=[Resolution, Connection],
    explains=["host.no-route", *UNREACHED, "http.port-closed"],
)
def dead_address(evidence: Evidence) -> Iterator[Claim]:
    dead: list[str] = []
    alive: list[str] = []
    for family in (4, 6):
        answers, silent, _ = by_state(evidence, family)
        if answers and silent:
            dead += silent
            alive += answers
    if not dead or is_loopback_name(evidence.target.host):
        return
    because = tuple(
        one
        for one in evidence.of(Connection)
        if one.address in dead and one.purpose in {"target", "again"}
    )
    yield Claim(
        about=Subject(text=", ".join(dead)),
        covers=tuple(Subject(address=address) for address in dead),
        because=because,
        facts={
            "name": evidence.target.host,
            "dead": tuple(dead),
            "alive": tuple(alive),
            "types": tuple(dict.fromkeys("AAAA" if ":" in one else "A" for one in dead)),
            "port": evidence.target.port,
            "how": tuple(dict.fromkeys(one.failure.message for one in because if one.failure)),
        },
        fix=Fix((Manual("remove-address", Where.DNS_PROVIDER),), Applicability.MANUAL),
    )
