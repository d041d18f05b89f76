"""nginx on the server passes requests on to a port of 127.0.0.1 that nothing listens on, and a
container that runs has its application on that port, in a network of its own. Its engine does not
publish the port (docker-run(1), --publish; EXPOSE alone publishes nothing).

Usual with several containers: the first has `ports`, the second was forgotten.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import is_server_host
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.containers import Container, Containers
from diagnose.model.nginx import NginxConfig, UpstreamTry


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(*CONSEQUENCES, "upstream.refused"),
)
def container_unpublished(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            candidates = _candidates(evidence, containers, backend)
            if len(candidates) != 1:
                continue
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    _facts(candidates[0], backend),
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                Fix((Manual("publish", Where.SERVER),), Applicability.MANUAL),
            )


def _candidates(
    evidence: Evidence, containers: Containers, backend: Backend
) -> tuple[Container, ...]:
    """Return the running containers that have the port inside, and do not publish it."""
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return ()
    attempt = backend.connect_attempts[0]
    is_refused = attempt.failure is not None and attempt.failure.kind == "refused"
    if not is_refused or not is_server_host(evidence, attempt.host):
        return ()
    if any(
        mapping.port == attempt.port
        for container in containers.containers
        for mapping in container.ports
    ):
        return ()
    return tuple(
        container
        for container in containers.running
        if "host" not in container.networks and _has_inside(containers, container, attempt.port)
    )


def _has_inside(containers: Containers, container: Container, port: int) -> bool:
    """Return whether a container declares the port, or a program in it listens there."""
    declared = any(mapping.inner == port for mapping in container.ports)
    return declared or any(
        namespace.container == container.id and namespace.listens(port)
        for namespace in containers.namespaces
    )


def _facts(container: Container, backend: Backend) -> dict[str, object]:
    port = backend.connect_attempts[0].port
    # A port stands in `proxy_pass`, or in a line of the `upstream` block that it names.
    directives = [endpoint.directive for endpoint in backend.proxy_target.endpoints]
    directive = next(filter(None, directives), backend.proxy_target.directive)
    published = next(
        (mapping for mapping in container.ports if mapping.inner == port and mapping.port), None
    )
    return {
        "container": container.name,
        "engine": container.engine,
        "inner": port,
        "published": published.port if published else "",
        "line": " ".join((directive.name, *directive.args)),
        "line_place": file_line(directive),
    }
