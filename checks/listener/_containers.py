"""What checks say of a container that has ended, and how it is started again."""

import re

from diagnose.model import Applicability, Command, Fix, Manual, Where, commands
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Container, Containers


def stopped_facts(container: Container) -> dict[str, object]:
    return {
        "container": container.name,
        "engine": container.engine,
        "image": container.image,
        "status": container.status or container.state,
        "last_words": container.last_words if has_failed(container) else "",
        "restarting": container.state == "restarting",
        "out_of_memory": container.out_of_memory,
    }


def is_called(container: Container, host: str) -> bool:
    """Whether a host is the container: by its name, or by its service in a compose file, which
    names containers PROJECT-SERVICE-1."""
    if not host or is_loopback(host):
        return False
    return bool(re.search(rf"(?:^|[-_]){re.escape(host)}(?:[-_]\d+)?$", container.name))


def stopped_by_name(containers: Containers, host: str) -> Container | None:
    """Return the stopped container that a host names, unless one that runs has the name too."""
    if any(is_called(container, host) for container in containers.running):
        return None
    return next((container for container in containers.stopped if is_called(container, host)), None)


def has_failed(container: Container) -> bool:
    """Whether its program ended by itself, or could not start: it would end again."""
    clean_end = container.status.startswith(("Exited (0)", "Exited (137)", "Exited (143)"))
    return (
        container.state in {"restarting", "dead"}
        or (container.state == "exited" and not clean_end)
        or container.out_of_memory
        or container.not_started
    )


def start_fix(container: Container) -> Fix:
    """Start it; if it failed, first read why."""
    start = commands.start_container(container.engine, container.name)
    if not has_failed(container):
        # Somebody may have stopped it on purpose.
        return Fix((start,), Applicability.REVIEW)
    restart_commands: tuple[Command, ...] = (
        commands.restart_container(container.engine, container.name)
        if container.state == "restarting"
        else start,
    )
    return Fix((Manual("repair", Where.SERVER, commands=restart_commands),), Applicability.MANUAL)
