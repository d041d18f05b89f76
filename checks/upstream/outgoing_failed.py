"""The site's program does not reach what it asks for itself, as its own message says: the provider
of a login, a webhook, a mail server, or its own public name.

The evidence is its way, tried from where it runs: the name, the connection, the certificate. The
control is the same way from the server itself: where that one is well, the fault lies between the
program and the server, and not with the other side.
"""

from collections.abc import Iterator

from checks.upstream._containers import NAMELESS
from checks.upstream._ways_out import STEPS, Cause, cause_of, comes_farther
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
from diagnose.model.outgoing import OutgoingTry
from diagnose.parsers.outgoing_requests import reported_step

#: Facts of the rule that stops a connection.
_OF_BLOCK = ("rule", "where", "owner", "network", "bridge")


@check(severity=Severity.ERROR, needs=[OutgoingTry], needs_message=True)
def outgoing_failed(evidence: Evidence) -> Iterator[Claim]:
    ways = tuple(evidence.good(OutgoingTry))
    own = next((way for way in ways if not way.is_of_server), None)
    server = next((way for way in ways if way.is_of_server), None)
    way = own or server
    if way is None or way.is_well:
        return
    cause = cause_of(evidence, way, server if own else None)
    if cause is None:
        return
    block = cause.block
    step = Manual(cause.step, Where.SERVER)
    yield Claim(
        about=Subject(
            port=evidence.target.port, text=f"{way.host}:{way.port}" if way.port else way.host
        ),
        because=(
            way,
            *((server,) if own and server else ()),
            *(block.view.because if block else ()),
        ),
        confidence=_confidence(evidence, cause, way, server if own else None),
        is_reported=not _is_other_step(evidence, way),
        facts=_facts(way, server if own else None, cause),
        fix=(block.fix() if block else None) or Fix((step,), Applicability.MANUAL),
    )


def _confidence(
    evidence: Evidence, cause: Cause, way: OutgoingTry, server: OutgoingTry | None
) -> Confidence:
    """Return how sure it is: that the server itself comes farther, or what was seen, excludes
    another cause. What fails at another step than the message says may be another fault."""
    is_excluded = cause.needs_no_control or comes_farther(way, server)
    is_own = not way.is_of_server or cause.block is not None
    is_sure = cause.is_measured and is_excluded and is_own
    is_told = not _is_other_step(evidence, way)
    return Confidence.CERTAIN if is_sure and is_told else Confidence.LIKELY


def _is_other_step(evidence: Evidence, way: OutgoingTry) -> bool:
    """Return whether another step fails than the one of which the message speaks."""
    symptom = evidence.target.symptom
    step = reported_step(symptom.text) if symptom else None
    return step is not None and step != way.progress


def _facts(way: OutgoingTry, server: OutgoingTry | None, cause: Cause) -> dict[str, object]:
    # Imported late, with what it needs: few messages are about this.
    from checks.listener._containers import compose_command

    container, worst = way.container, way.worst
    compose = container.compose if container else None
    networks = container.networks if container else ()
    block_facts = cause.block.facts if cause.block else {}
    return {
        "host": way.host,
        "port": way.port or "",
        "program": way.title or "",
        "process": way.program,
        "is_container": way.place == "container",
        "is_server": way.is_of_server,
        "container": container.name if container else "",
        "engine": container.engine if container else "docker",
        "service": compose.service if compose else "",
        "file": compose.files[0] if compose and compose.files else "",
        "recreate": compose_command(container, "up", "-d") if container else "",
        "unit": way.unit,
        "own_network": next((network for network in networks if network not in NAMELESS), ""),
        "address": worst.address if worst else "",
        "words": worst.words if worst else "",
        "issuer": worst.certificates[-1][1] if worst and worst.certificates else "",
        "name_servers": way.name_servers,
        "store": way.authorities[-1] if way.authorities else "",
        "proxy": way.proxy,
        "command": way.equivalent,
        "server_passes": comes_farther(way, server),
        "front": way.front.name if way.front else "",
        "neighbour": way.neighbour.name if way.neighbour else "",
        "its_network": cause.network,
        **{name: block_facts.get(name, "") for name in _OF_BLOCK},
        **{step.replace("-", "_"): step == cause.step for step in STEPS},
    }
