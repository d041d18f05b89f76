"""Two attempts got no reply, with enough time in between for a rate limit on rejects. Packets are
dropped on the way in or out. From outside one can only see where the path ends and whether other
ports reply."""

from collections.abc import Iterator, Mapping

from checks.tcp import ProbedPort, claim, facts, kernel_drops, probed_ports
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Manual, Observation, Severity, Where
from diagnose.model.tcp import Connection, Walk


@check(severity=Severity.ERROR, needs=[Connection], needs_fault=[Connection])
def timeout(evidence: Evidence) -> Iterator[Claim]:
    ports = probed_ports(evidence, "silent")
    if not ports:
        return
    walks = [walk for walk in evidence.of(Walk) if walk.address in {port.address for port in ports}]
    twice = all(len(port.attempts) > 1 for port in ports)
    ruled_out = ("tcp.rejected-by-host", "tcp.rejected-by-router", "tcp.refused")
    port_facts = facts(evidence, ports)
    is_up = bool(port_facts["open_ports"] or port_facts["refusing_ports"])
    observations, server_facts = _server_view(evidence, ports)
    yield claim(
        evidence,
        ports,
        *_steps(server_facts),
        extra_observations=(*walks, *observations),
        confidence=Confidence.CERTAIN if twice else Confidence.LIKELY,
        ruled_out=(*ruled_out, "tcp.host-down") if is_up else ruled_out,
        extra_facts=_where_it_ends(walks)
        | server_facts
        | {"tries": max(len(port.attempts) for port in ports), "seconds": _waiting_time(ports)},
    )


def _steps(server_facts: Mapping[str, object]) -> tuple[Manual, ...]:
    if server_facts["answered"]:
        return (Manual("answers", Where.CLOUD_CONSOLE),)
    if server_facts["dropped_here"] or server_facts["reply_dropped_here"]:
        return (Manual("look-inside", Where.SERVER),)
    return (Manual("security-group", Where.CLOUD_CONSOLE), Manual("look-inside", Where.SERVER))


def _server_view(
    evidence: Evidence, ports: tuple[ProbedPort, ...]
) -> tuple[tuple[Observation, ...], dict[str, object]]:
    """Return what the server observed of the attempts if it was examined too.

    They arrive. A reply left the server, so it is lost on the way back; or the server replied, and
    the reply never left its interface; or the server itself dropped them."""
    from diagnose.model.kernel import HalfOpen
    from diagnose.model.syn_watch import own_source_addresses, syn_watch

    watch = syn_watch(evidence, (attempt for port in ports for attempt in port.attempts))
    ours = own_source_addresses(evidence)
    received_syns = tuple(syn for syn in evidence.good(HalfOpen) if ours.intersection(syn.sources))
    captures = (watch.capture,) if watch and watch.ours else ()
    drops = kernel_drops(evidence, ports)
    reply = watch.reply if watch and watch.ours else ""
    has_left = reply == "answered" or (reply == "" and bool(received_syns))
    is_answered = has_left and not drops
    stays_here = bool(captures and reply == "none")
    never_leaves = any(drop.packet == "reply" for drop in drops) or (
        stays_here and bool(received_syns)
    )
    return (*captures, *received_syns), {
        "arrives": bool(captures or drops),
        "answered": is_answered,
        "reply_dropped_here": never_leaves,
        "dropped_here": stays_here and not never_leaves,
        "unlocated": not (stays_here or never_leaves or is_answered),
    }


def _waiting_time(ports: tuple[ProbedPort, ...]) -> float:
    return max(sum(attempt.took for attempt in port.attempts) for port in ports)


def _where_it_ends(walks: list[Walk]) -> dict[str, object]:
    """Return the last routers that replied on the path, and their distance in hops."""
    last = [(walk.last_router.sender, walk.last_router.ttl) for walk in walks if walk.last_router]
    return {
        "last_routers": tuple(dict.fromkeys(sender for sender, _ in last)),
        "hops": tuple(dict.fromkeys(ttl for _, ttl in last)),
    }
