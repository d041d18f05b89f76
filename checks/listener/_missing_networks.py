"""The remedy for a container whose network is gone, as after `docker network prune`: one that a
compose file calls external is made by nobody else (Compose specification, "external")."""

import re

from checks.listener._compose_edits import compose_text, up_commands
from checks.upstream._containers import NAMELESS
from diagnose.model import Applicability, Evidence, Fix, commands
from diagnose.model.containers import Container

#: The engine could not start a container ("network 5f3a… not found").
_NOT_FOUND = re.compile(r"\bnetwork ([\w.-]{1,128}) not found")
#: docker compose, of versions 2 and 1.
_EXTERNAL = re.compile(
    r"\bnetwork [\"'`]?([\w.-]{1,128})[\"'`]? declared as external, but could not be found",
    re.IGNORECASE,
)


def missing_network(evidence: Evidence, container: Container) -> str:
    """Return the network that a container lacks, by its name; "" if it lacks none that is known.
    The engine's message has its id."""
    own = [name for name in container.networks if name not in NAMELESS]
    match = _NOT_FOUND.search(container.last_words) if container.not_started else None
    if match and not re.fullmatch(r"[0-9a-f]{12,64}", match[1]):
        return match[1]
    if match:
        return own[0] if len(own) == 1 else ""
    name = told_network(evidence)
    return name if name and (name in own or _is_external(evidence, container, name)) else ""


def told_network(evidence: Evidence) -> str:
    """Return the external network of which a pasted message says that there is none; "" if no
    message says it."""
    symptom = evidence.target.symptom
    named = _EXTERNAL.search(symptom.text[:4000]) if symptom else None
    return named[1] if named else ""


def network_fix(evidence: Evidence, container: Container) -> Fix | None:
    """Return the commands that make the network and the container anew: one that was made before
    asks for the network of before. None if its compose file is not known."""
    name = missing_network(evidence, container)
    again = up_commands(container, anew=True) if name else ()
    if not again:
        return None
    is_made_by_compose = compose_text(evidence, container) and not _is_external(
        evidence, container, name
    )
    create = () if is_made_by_compose else (commands.create_network(container.engine, name),)
    return Fix((*create, *again), Applicability.REVIEW)


def _is_external(evidence: Evidence, container: Container, name: str) -> bool:
    # Imported late: only a finding needs it.
    from diagnose.parsers.compose_networks import external_networks

    return name in external_networks(compose_text(evidence, container))
