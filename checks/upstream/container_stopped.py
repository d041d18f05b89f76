"""The application that nginx passes requests to was in a container that does not run.

The port of proxy_pass is one that a stopped container publishes, or its name is the container's:
an engine publishes ports and answers names only while the container runs.
"""

from collections.abc import Iterator, Sequence

from checks.listener._containers import has_failed, stopped_by_name, stopped_facts
from checks.listener._missing_networks import missing_network, network_fix
from checks.listener._refused_mounts import mount_facts, refused_mount_fix
from checks.listener._restart_policies import lasting_start_fix, restart_facts
from checks.listener._start_refusals import refusal_facts, refusal_fix
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import is_server_host, publishing
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, commands
from diagnose.model.containers import Container, Containers
from diagnose.model.nginx import NginxConfig, UpstreamTry


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(
        *CONSEQUENCES,
        "upstream.refused",
        "upstream.unreachable",
        "upstream.container-loopback",
        "nginx.upstream-unresolvable",
    ),
)
def container_stopped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            stopped = _stopped_containers(evidence, containers, backend)
            if not stopped:
                continue
            container, *others = stopped
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    {
                        **stopped_facts(container),
                        **(mount_facts(evidence, container) if not others else {}),
                        **refusal_facts(evidence, containers, container),
                        "missing_network": missing_network(evidence, container),
                        **(restart_facts(evidence, containers, container) if not others else {}),
                        "others": tuple(other.name for other in others),
                    },
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                _fix(evidence, containers, stopped),
            )


def _fix(evidence: Evidence, containers: Containers, stopped: Sequence[Container]) -> Fix:
    """Return the start of all of them by one command, if none has failed by itself."""
    engines = {container.engine for container in stopped}
    if len(stopped) > 1 and len(engines) == 1 and not any(map(has_failed, stopped)):
        names = (container.name for container in stopped)
        start = commands.start_container(stopped[0].engine, *names)
        return Fix((start,), Applicability.REVIEW)
    mending = None
    if len(stopped) == 1:
        mending = network_fix(evidence, stopped[0])
        mending = mending or refused_mount_fix(evidence, stopped[0])
        mending = mending or lasting_start_fix(evidence, containers, stopped[0])
    return mending or refusal_fix(evidence, containers, stopped[0])


def _stopped_containers(
    evidence: Evidence, containers: Containers, backend: Backend
) -> tuple[Container, ...]:
    """Return the containers in which the servers of a backend were, first one that says why it has
    ended; () if the first server was in none."""
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return ()
    stopped = [
        container_of(evidence, containers, connect_attempt)
        for connect_attempt in backend.connect_attempts
    ]
    if stopped[0] is None:
        return ()
    own = {container.id: container for container in stopped if container is not None}
    return tuple(sorted(own.values(), key=lambda each: not has_failed(each)))


def container_of(
    evidence: Evidence, containers: Containers, attempt: UpstreamTry
) -> Container | None:
    if by_name := stopped_by_name(containers, attempt.host):
        return by_name
    # A port of the server: in a container, 127.0.0.1 is none of them.
    if is_server_host(evidence, attempt.host) and not publishing(containers.running, attempt.port):
        return next(iter(publishing(containers.stopped, attempt.port)), None)
    return None
