"""nginx passes requests on to a port of the server itself that nothing listens on, and a container
that runs has its application on that port, in a network of its own. Its engine does not publish the
port (docker-run(1), --publish; EXPOSE alone publishes nothing).

Usual with several containers: the first has `ports`, the second was forgotten. An nginx in a
container of its own needs no published port: it reaches the other container by its name, in a
network that both have. A server whose firewall rejects the connection has no program behind it
either: a rule that lets it in turns "No route to host" into "Connection refused".
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import NAMELESS, has_no_listener, is_server_host
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Container, ContainerPort, Containers, NginxContainer
from diagnose.model.nginx import NginxConfig, UpstreamTry

_EVERY_ADDRESS = {"", "0.0.0.0", "::"}
#: What `localhost` and 127.0.0.1 in proxy_pass reach of a port that is published on loopback alone.
_LOOPBACK = {"127.0.0.1"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(*CONSEQUENCES, "upstream.refused", "upstream.unreachable"),
)
def container_unpublished(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            candidates = _candidates(evidence, containers, backend)
            if len(candidates) != 1:
                continue
            proxy = _proxy(evidence)
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    _facts(candidates[0], backend, proxy),
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *([proxy] if proxy else []),
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.LIKELY,
                ),
                _fix(nginx, backend, candidates[0], proxy),
            )


def _proxy(evidence: Evidence) -> NginxContainer | None:
    """Return nginx's own container, None if nginx has the server's network."""
    return next(
        (item for item in evidence.good(NginxContainer) if "host" not in item.networks), None
    )


def _shared_network(container: Container, proxy: NginxContainer) -> str:
    """Return a network in which nginx's container can use the other one's name, "" if none is."""
    shared = (name for name in container.networks if name in proxy.networks)
    return next((name for name in shared if name not in NAMELESS), "")


def _step(container: Container, proxy: NginxContainer | None) -> str:
    if proxy is None or proxy.own_network:
        return "publish"
    return "name-it" if _shared_network(container, proxy) else "join-and-name-it"


def _published(container: Container, port: int) -> ContainerPort | None:
    """Return how the engine publishes a port of the container, as another one of the server."""
    return next(
        (mapping for mapping in container.ports if mapping.inner == port and mapping.port), None
    )


def _fix(nginx: Nginx, backend: Backend, container: Container, proxy: NginxContainer | None) -> Fix:
    """Write the published port in the place of the container's, if nginx reaches it at the same
    address."""
    step = _step(container, proxy)
    manual = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    host, port = backend.connect_attempts[0].host, backend.connect_attempts[0].port
    published = _published(container, port)
    if step != "publish" or published is None or len(backend.connect_attempts) != 1:
        return manual
    if published.address not in {host, *_EVERY_ADDRESS, *(_LOOPBACK if is_loopback(host) else ())}:
        return manual
    changes: Changes = {}
    directives = [proxy_target.directive for proxy_target in backend.proxy_targets]
    old, new = f"{host}:{port}", f"{host}:{published.port}"
    replace_in_directives(nginx, directives, old, new, changes)
    return edit_fix(nginx, changes, step, sure=False) if changes else manual


def _candidates(
    evidence: Evidence, containers: Containers, backend: Backend
) -> tuple[Container, ...]:
    """Return the running containers that have the port inside, and do not publish it."""
    if not backend.is_down or any(attempt.socket for attempt in backend.connect_attempts):
        return ()
    attempt = backend.connect_attempts[0]
    kind = attempt.failure.kind if attempt.failure else ""
    is_rejected = kind in {"unreachable", "timeout"} and has_no_listener(evidence, attempt.port)
    if not (kind == "refused" or is_rejected) or not is_server_host(evidence, attempt.host):
        return ()
    proxy = _proxy(evidence)
    if any(
        mapping.port == attempt.port
        for container in containers.containers
        for mapping in container.ports
    ):
        return ()
    return tuple(
        container
        for container in containers.running
        if "host" not in container.networks
        and (proxy is None or container.id != proxy.digest)
        and _has_inside(containers, container, attempt.port)
    )


def _has_inside(containers: Containers, container: Container, port: int) -> bool:
    """Return whether a container declares the port, or a program in it listens there."""
    declared = any(mapping.inner == port for mapping in container.ports)
    return declared or any(
        namespace.container == container.id and namespace.listens(port)
        for namespace in containers.namespaces
    )


def _facts(
    container: Container, backend: Backend, proxy: NginxContainer | None
) -> dict[str, object]:
    attempt = backend.connect_attempts[0]
    port = attempt.port
    # A port stands in `proxy_pass`, or in a line of the `upstream` block that it names.
    directives = [endpoint.directive for endpoint in backend.proxy_target.endpoints]
    directive = next(filter(None, directives), backend.proxy_target.directive)
    published = _published(container, port)
    return {
        "container": container.name,
        "engine": container.engine,
        "inner": port,
        "published": published.port if published else "",
        "proxy": proxy.title if proxy and not proxy.own_network else "",
        "network": next((name for name in container.networks if name not in NAMELESS), ""),
        "message": attempt.failure.message
        if attempt.failure and attempt.failure.kind == "unreachable"
        else "",
        "line": " ".join((directive.name, *directive.args)),
        "line_place": file_line(directive),
    }
