"""The application that nginx passes requests to was in a container that does not run.

The port of proxy_pass is one that a stopped container publishes, or its name is the container's:
an engine publishes ports and answers names only while the container runs.
"""

from collections.abc import Iterator

from checks.listener._containers import stopped_by_name, stopped_facts
from checks.listener._start_refusals import refusal_facts, refusal_fix
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import is_server_host, publishing
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
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
            container = _stopped_container(evidence, containers, backend)
            if container is None:
                continue
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    {
                        **stopped_facts(container),
                        **refusal_facts(evidence, containers, container),
                    },
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                refusal_fix(containers, container),
            )


def _stopped_container(
    evidence: Evidence, containers: Containers, backend: Backend
) -> Container | None:
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return None
    attempt = backend.connect_attempts[0]
    if by_name := stopped_by_name(containers, attempt.host):
        return by_name
    # A port of the server: in a container, 127.0.0.1 is none of them.
    if is_server_host(evidence, attempt.host) and not publishing(containers.running, attempt.port):
        return next(iter(publishing(containers.stopped, attempt.port)), None)
    return None
