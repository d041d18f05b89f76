"""What checks say of a container that has ended, and how it is started again."""

from diagnose.model import Applicability, Command, Fix, Manual, Where, commands
from diagnose.model.containers import Container


def stopped_facts(container: Container) -> dict[str, object]:
    return {
        "container": container.name,
        "engine": container.engine,
        "image": container.image,
        "status": container.status or container.state,
        "last_words": container.last_words if has_failed(container) else "",
        "restarting": container.state == "restarting",
    }


def has_failed(container: Container) -> bool:
    """Whether its program ended by itself: it would end again."""
    clean_end = container.status.startswith(("Exited (0)", "Exited (137)", "Exited (143)"))
    return container.state in {"restarting", "dead"} or (
        container.state == "exited" and not clean_end
    )


def start_fix(container: Container) -> Fix:
    """Start it; if it failed, first read why."""
    start = commands.start_container(container.engine, container.name)
    if not has_failed(container):
        # Somebody may have stopped it on purpose.
        return Fix((start,), Applicability.REVIEW)
    again: tuple[Command, ...] = (
        commands.restart_container(container.engine, container.name)
        if container.state == "restarting"
        else start,
    )
    return Fix((Manual("repair", Where.SERVER, commands=again),), Applicability.MANUAL)
