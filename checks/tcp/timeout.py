"""Silence, twice, with patience for a reject that met a limit on its rate: packets are dropped on
the way in or out. Where they end, and whether other ports answer, is all that can be seen from
outside of who drops them."""

from collections.abc import Iterator

from checks.tcp import Port, claim, facts, ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Observation, Severity, Where
from diagnose.model.tcp import Connection, Walk


@check(severity=Severity.ERROR, needs=[Connection])
def timeout(evidence: Evidence) -> Iterator[Claim]:
    met = ports(evidence, "silent")
    if not met:
        return
    walks = [walk for walk in evidence.of(Walk) if walk.address in {port.address for port in met}]
    twice = all(len(port.tries) > 1 for port in met)
    ruled_out = ("tcp.rejected-by-host", "tcp.rejected-by-router", "tcp.refused")
    others = facts(evidence, met)
    up = bool(others["open_ports"] or others["refusing_ports"])
    there, told = _seen_there(evidence, met)
    yield claim(
        evidence,
        met,
        *_steps(bool(told["answered"])),
        besides=(*walks, *there),
        confidence=Confidence.CERTAIN if twice else Confidence.LIKELY,
        ruled_out=(*ruled_out, "tcp.host-down") if up else ruled_out,
        said=_where_it_ends(walks)
        | told
        | {"tries": max(len(port.tries) for port in met), "seconds": _waited(met)},
    )


def _steps(answered: bool) -> tuple[Manual, ...]:
    if answered:
        return (Manual("answers", Where.CLOUD_CONSOLE),)
    return (Manual("security-group", Where.CLOUD_CONSOLE), Manual("look-inside", Where.SERVER))


def _seen_there(
    evidence: Evidence, met: tuple[Port, ...]
) -> tuple[tuple[Observation, ...], dict[str, object]]:
    """What the server saw of the tries, where it was looked into from here: whether they arrive,
    and whether it has answered, so that it is the answer that is lost."""
    from diagnose.model.kernel import HalfOpen, names_of_ours, watched

    watch = watched(evidence, (one for port in met for one in port.tries))
    ours = names_of_ours(evidence)
    half = tuple(one for one in evidence.good(HalfOpen) if ours.intersection(one.sources))
    arrived = (watch.capture,) if watch and watch.ours else ()
    return (*arrived, *half), {"arrives": bool(arrived), "answered": bool(half)}


def _waited(met: tuple[Port, ...]) -> float:
    return max(sum(one.took for one in port.tries) for port in met)


def _where_it_ends(walks: list[Walk]) -> dict[str, object]:
    """The last routers that answered on the way, and how many hops away they are."""
    last = [(walk.last.sender, walk.last.ttl) for walk in walks if walk.last]
    return {
        "last_routers": tuple(dict.fromkeys(sender for sender, _ in last)),
        "hops": tuple(dict.fromkeys(ttl for _, ttl in last)),
    }
