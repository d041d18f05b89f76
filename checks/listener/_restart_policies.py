"""The lasting start of a container that ended without an error, and that its engine does not start
after a boot: its restart policy is `no` (docker-run(1), "--restart")."""

from checks.listener._compose_edits import compose_edits
from checks.listener._containers import has_failed
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, commands
from diagnose.model.containers import Container, Containers

#: What waits for a service with this condition starts after it has ended: it is no service that
#: goes on.
_IS_A_TASK = "service_completed_successfully"


def restart_facts(
    evidence: Evidence, containers: Containers, container: Container
) -> dict[str, object]:
    """Return whether the remedy gives the container a restart policy, and the compose file in which
    it writes this; "" if it writes none."""
    members = _members(containers, container)
    edits = _edits(evidence, members)
    return {"lasting": bool(members), "policy_file": edits[0].path if edits else ""}


def lasting_start_fix(
    evidence: Evidence, containers: Containers, container: Container
) -> Fix | None:
    """Return the start of a container and of those that it needs, which holds after a boot too;
    None if its engine starts it then already, or its program ended by itself. The container is not
    made anew, so that nothing in it is lost: the compose file has the policy from its next `up`
    on. Somebody may have stopped it on purpose."""
    members = _members(containers, container)
    if not members:
        return None
    names = tuple(member.name for member in members)
    steps: tuple[Edit | Command, ...] = (
        *_edits(evidence, members),
        commands.restart_after_boot(container.engine, *names),
        commands.start_container(container.engine, *names),
    )
    return Fix(steps, Applicability.REVIEW)


def _edits(evidence: Evidence, members: tuple[Container, ...]) -> tuple[Edit, ...]:
    """Return the edits of the compose files; () if none has to be changed, or can be."""

    def change(text: str, service: str) -> str:
        from diagnose.parsers.compose_edits import with_restart

        return with_restart(text, service)

    own = [member for member in members if member.compose is not None]
    return compose_edits(evidence, [(member, change) for member in own]) or ()


def _members(containers: Containers, container: Container) -> tuple[Container, ...]:
    """Return the container behind those of its compose project that it needs, as far as they ended
    in the same way; () if it is not one of these. Podman starts none after a boot by a policy
    alone."""
    if not _is_forgotten(container):
        return ()
    needed = [
        other
        for service, condition in (container.compose.conditions if container.compose else ())
        for other in containers.stopped
        if condition != _IS_A_TASK
        and other.compose is not None
        and container.compose is not None
        and (other.compose.project, other.compose.service) == (container.compose.project, service)
        and other.engine == container.engine
        and _is_forgotten(other)
    ]
    return (*needed, container)


def _is_forgotten(container: Container) -> bool:
    is_ended = container.state == "exited" and not has_failed(container)
    return container.engine == "docker" and is_ended and container.restart == "no"
