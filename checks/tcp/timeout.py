"""Silence, twice, with patience for a reject that met a limit on its rate: packets are dropped on
the way in or out. Where they end, and whether other ports answer, is all that can be seen from
outside of who drops them."""

from collections.abc import Iterator

from checks.tcp import Port, facts, ports, severity, subjects
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    together,
)
from diagnose.model.tcp import Connection, Walk


@check(severity=Severity.ERROR, needs=[Connection])
def timeout(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "silent")
    if not met:
        return
    said = facts(evidence, met)
    walks = [walk for walk in evidence.of(Walk) if walk.address in {port.address for port in met}]
    twice = all(len(port.tries) > 1 for port in met)
    ruled_out = ("tcp.rejected-by-host", "tcp.rejected-by-router", "tcp.refused")
    yield Claim(
        about=together(subjects(met)),
        covers=subjects(met),
        because=(*(one for port in met for one in port.tries), *walks),
        confidence=Confidence.CERTAIN if twice else Confidence.LIKELY,
        severity=severity(evidence),
        ruled_out=(*ruled_out, "tcp.host-down") if said["open_ports"] else ruled_out,
        facts=said
        | _where_it_ends(walks)
        | {"tries": max(len(port.tries) for port in met), "seconds": _waited(met)},
        fix=Fix(
            (Manual("security-group", Where.CLOUD_CONSOLE), Manual("look-inside", Where.SERVER)),
            Applicability.MANUAL,
        ),
    )


def _waited(met: tuple[Port, ...]) -> float:
    return max(sum(one.took for one in port.tries) for port in met)


def _where_it_ends(walks: list[Walk]) -> dict[str, object]:
    """The last routers that answered on the way, and how many hops away they are."""
    last = [(walk.last.sender, walk.last.ttl) for walk in walks if walk.last]
    return {
        "last_routers": tuple(dict.fromkeys(sender for sender, _ in last)),
        "hops": tuple(dict.fromkeys(ttl for _, ttl in last)),
    }
