"""The lasting start of a container that ended without an error, and of those that it needs."""

from checks.listener._compose_edits import compose_edits
from checks.listener._containers import has_failed, is_forgotten
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
    members = tuple(filter(is_forgotten, _members(containers, container)))
    edits = _edits(evidence, members)
    return {
        "lasting": bool(members),
        "policy_file": edits[0].path if edits else "",
    }


def lasting_start_fix(
    evidence: Evidence, containers: Containers, container: Container
) -> Fix | None:
    """Return the start of a container and of those that it needs, which holds after a boot too;
    None if its program ended by itself, or if it alone is to be started, and its engine does it
    after a boot already. The container is not made anew, so that nothing in it is lost: the
    compose file has the policy from its next `up` on. Somebody may have stopped it on purpose."""
    members = _members(containers, container)
    forgotten = tuple(filter(is_forgotten, members))
    if not forgotten and len(members) < 2:
        return None
    policies = dict.fromkeys(member.restart for member in forgotten)
    names = {
        policy: [member.name for member in forgotten if member.restart == policy]
        for policy in policies
    }
    steps: tuple[Edit | Command, ...] = (
        *_edits(evidence, forgotten),
        *(
            commands.restart_after_boot(container.engine, *names[policy], before=policy)
            for policy in policies
        ),
        commands.start_container(container.engine, *(member.name for member in members)),
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
    in the same way; () if it did not. Podman starts none after a boot by a policy alone."""
    if not _is_ended(container):
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
        and _is_ended(other)
    ]
    return (*needed, container)


def _is_ended(container: Container) -> bool:
    is_ended = container.state == "exited" and not has_failed(container)
    return container.engine == "docker" and is_ended
