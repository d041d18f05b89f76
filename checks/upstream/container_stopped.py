"""The application that nginx passes requests to was in a container that does not run.

The port of proxy_pass is one that a stopped container publishes, or its name is the container's:
an engine publishes ports and answers names only while the container runs.
"""

import re
from collections.abc import Iterator

from checks.listener._containers import start_fix, stopped_facts
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface


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
            container = _stopped_container(evidence, containers, backend)
            if container is None:
                continue
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    stopped_facts(container),
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                start_fix(container),
            )


def _stopped_container(
    evidence: Evidence, containers: Containers, backend: Backend
) -> Container | None:
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return None
    attempt = backend.connect_attempts[0]
    by_name = [each for each in containers.stopped if _is_called(each, attempt.host)]
    if by_name:
        return by_name[0]
    # A port of the server: in a container, 127.0.0.1 is none of them.
    if _is_server(evidence, attempt) and not _publishing(containers.running, attempt.port):
        return next(iter(_publishing(containers.stopped, attempt.port)), None)
    return None


def _is_called(container: Container, host: str) -> bool:
    """Whether a host is the container: by its name, or by its service in a compose file, which
    names containers PROJECT-SERVICE-1."""
    if not host or is_loopback(host):
        return False
    return bool(re.search(rf"(?:^|[-_]){re.escape(host)}(?:[-_]\d+)?$", container.name))


def _is_server(evidence: Evidence, attempt: UpstreamTry) -> bool:
    own = {a for interface in evidence.good(Interface) for a in interface.addresses}
    local = attempt.host == "localhost" or is_loopback(attempt.host)
    if evidence.good(NginxContainer):
        return attempt.host in own or attempt.host == "host.docker.internal"
    return local or attempt.host in own


def _publishing(containers: tuple[Container, ...], port: int) -> tuple[Container, ...]:
    return tuple(
        container
        for container in containers
        if any(mapping.port == port for mapping in container.ports)
    )
