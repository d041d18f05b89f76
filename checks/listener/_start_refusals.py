"""Why an engine could not start a container: a program has one of its ports, or an engine without
root may not open a low one. And what a container waits for that was created and never started."""

import re
import shlex

from checks.listener._containers import start_fix
from checks.listener._health_checks import health_facts, health_fix
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.model.containers import CONTAINER_PROCESSES, Container, Containers
from diagnose.model.frozen import frozen
from diagnose.model.server import Listener, Listeners

#: A port that is taken: docker (its allocator; docker-proxy; 28), podman (rootlessport, netavark,
#: pasta). "Bind for 0.0.0.0:80 failed: port is already allocated", "listen tcp4 0.0.0.0:80: bind:
#: address already in use", "failed to bind host port 0.0.0.0:80/tcp: address already in use",
#: "failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: …", "Failed to bind port 443 (Address
#: already in use)".
_TAKEN = re.compile(
    r"(?:(?:Bind for|listen tcp[46]?|bind host port(?: for)?) \[?[0-9a-fA-F.:]{0,45}?\]?:"
    r"|bind port )"
    r"([0-9]{1,5})(?![0-9.])[^\n]{0,120}?(?:already allocated|already in use|EADDRINUSE)",
    re.IGNORECASE,
)

#: A low port that an engine without root may not open: rootlessport and RootlessKit ("cannot
#: expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80'"), pasta ("Failed
#: to bind port 80 (Permission denied)").
_PRIVILEGED = re.compile(
    r"(?:cannot expose privileged port |Failed to bind port (?=[0-9]{1,5} \(Permission denied\)))"
    r"([0-9]{1,5})"
)

#: Conditions of `depends_on` that a service meets only later, or never.
_LATER = {"service_healthy", "service_completed_successfully"}


def taken_port(container: Container) -> int:
    """Return the port that kept a container from its start; 0 if it was none."""
    return _port(_TAKEN, container)


def privileged_port(container: Container) -> int:
    """Return the low port that the engine may not open for a container; 0 if it is none."""
    return _port(_PRIVILEGED, container)


def _port(pattern: re.Pattern[str], container: Container) -> int:
    match = pattern.search(container.last_words) if container.not_started else None
    return int(match[1]) if match else 0


@frozen
class PortHolder:
    """What has a port now: a socket of a program of the server, or the container that publishes
    it."""

    port: int
    listener: Listener | None = None
    container: Container | None = None


def port_holder(
    evidence: Evidence, containers: Containers, container: Container
) -> PortHolder | None:
    """Return what has the port that kept a container from its start; None if nothing has it now."""
    port = taken_port(container)
    if not port:
        return None
    for other in containers.running:
        if other.publishes(port):
            return PortHolder(port, container=other)
    for listing in evidence.good(Listeners):
        for listener in listing.on(port):
            if listener.process and listener.process not in CONTAINER_PROCESSES:
                return PortHolder(port, listener=listener)
    return None


def refusal_facts(
    evidence: Evidence, containers: Containers, container: Container
) -> dict[str, object]:
    """Return why a container was not started: its port, who has that, or for what it waits."""
    holder = port_holder(evidence, containers, container)
    listener = holder.listener if holder else None
    other = holder.container if holder else None
    awaited = awaited_container(containers, container)
    taken, privileged = taken_port(container), privileged_port(container)
    health = ("inspect", "--format", "{{json .State.Health}}")
    return {
        "taken": taken or "",
        "holder": (listener.process or "") if listener else "",
        "holder_pid": (listener.pid or "") if listener else "",
        "ssh": bool(listener and listener.process == "sshd"),
        "holder_container": other.name if other else "",
        "stop_holder": shlex.join((other.engine, "stop", other.name)) if other else "",
        "freed": bool(taken) and holder is None,
        "privileged": privileged or "",
        "refused": bool(taken or privileged),
        "awaited": awaited.name if awaited else "",
        "awaited_status": awaited.status if awaited else "",
        "awaited_words": awaited.last_words if awaited else "",
        "unhealthy": awaited.unhealthy if awaited else False,
        **health_facts(evidence, awaited),
        "read_health": shlex.join((awaited.engine, *health, awaited.name)) if awaited else "",
    }


def refusal_fix(evidence: Evidence, containers: Containers, container: Container) -> Fix:
    """Return the start of a container, after the step that makes room for it."""
    if (awaited := awaited_container(containers, container)) is not None:
        step = Fix((Manual("mend-the-awaited", Where.SERVER),), Applicability.MANUAL)
        return health_fix(evidence, awaited, container) or step
    if taken_port(container):
        return start_fix(container, "free-the-port")
    return start_fix(container, "allow-low-ports" if privileged_port(container) else "repair")


def awaited_container(containers: Containers, container: Container) -> Container | None:
    """Return the container for which one waits that was created and not started: docker compose
    starts it only when the condition is met, and gives up if that is not possible any more."""
    compose = container.compose
    if compose is None or container.state != "created" or container.not_started:
        return None
    for service, condition in compose.conditions:
        for other in containers.containers:
            is_awaited = (
                condition in _LATER
                and other.compose is not None
                and (other.compose.project, other.compose.service) == (compose.project, service)
            )
            if is_awaited and (other.unhealthy or _has_ended_badly(other, condition)):
                return other
    return None


def _has_ended_badly(container: Container, condition: str) -> bool:
    """Return whether a container that has ended cannot meet a condition."""
    is_done = container.status.startswith("Exited (0)")
    return (
        container.stopped
        and container.state != "created"
        and (condition == "service_healthy" or not is_done)
    )
