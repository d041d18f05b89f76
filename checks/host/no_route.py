"""This machine has no way to send to an address: connect(2) says so itself, before any packet
(ENETUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, a route that forbids it), or its gateway answers to
nothing. That says nothing about the target."""

from collections.abc import Iterator

from checks.tcp import Port, ports, subjects
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    together,
)
from diagnose.model.tcp import Connection


@check(severity=Severity.ERROR, needs=[Connection])
def no_route(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "no-route", "gateway-silent")
    if not met:
        return
    everywhere = len(met) == len(ports(evidence))
    families = sorted({port.tries[0].family for port in met})
    yield Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=tuple(one for port in met for one in port.tries),
        severity=Severity.ERROR if everywhere else Severity.NOTE,
        facts={
            "addresses": tuple(port.address for port in met),
            "families": tuple(f"IPv{family}" for family in families),
            "messages": _messages(met),
            "gateway": any(port.fate == "gateway-silent" for port in met),
            "everywhere": everywhere,
            "route": "ip -6 route" if families == [6] else "ip route",
            "address": met[0].address,
        },
        fix=Fix((Manual("route", Where.CLIENT),), Applicability.MANUAL),
    )


def _messages(met: tuple[Port, ...]) -> tuple[str, ...]:
    failures = (port.telling.failure for port in met)
    return tuple(dict.fromkeys(f"{one.message} ({one.name})" for one in failures if one))
