"""proxy_pass names a container by its own name or address, with a port on which nothing in the
container listens. Usually it is the port that the engine publishes on the server (the first number
of `-p 8080:3000`): in the containers' own network only the second number exists.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._address_lines import address_line, line_facts, writer_of
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.containers import Container, Containers, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry

_MAX_SHOWN = 6


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(*CONSEQUENCES, "upstream.refused"),
)
def container_wrong_port(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            fault = _fault(containers, backend)
            if fault is None:
                continue
            facts = {
                "container": fault.container.name,
                "engine": fault.container.engine,
                "port": fault.attempt.port,
                "published": fault.is_published,
                "inner": fault.inner or "",
                "ports": fault.ports,
                "port_inside": fault.ports[0] if len(fault.ports) == 1 else "",
                **line_facts(backend, fault.attempt.port),
            }
            claim = upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    facts,
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.CERTAIN if fault.inner else Confidence.LIKELY,
                ),
                _fix(nginx, backend, fault),
            )
            line = address_line(backend, fault.attempt.port)
            yield replace(claim, location=nginx.location(line) or claim.location)


@frozen
class _Fault:
    """`inner` is the port of the container that is published as the one in proxy_pass, and on
    which a program listens; 0 if it is not known."""

    attempt: UpstreamTry
    container: Container
    ports: tuple[int, ...]
    is_published: bool
    inner: int


def _fault(containers: Containers, backend: Backend) -> _Fault | None:
    if not backend.is_down:
        return None
    attempt = backend.connect_attempts[0]
    if attempt.failure is None or attempt.failure.kind != "refused" or attempt.socket:
        return None
    for container in containers.running:
        for namespace in containers.namespaces:
            if namespace.container == container.id and _is_at(namespace, attempt):
                return _wrong_port(attempt, container, namespace)
    return None


def _is_at(namespace: Namespace, attempt: UpstreamTry) -> bool:
    return (attempt.address or attempt.host) in namespace.addresses


def _wrong_port(attempt: UpstreamTry, container: Container, namespace: Namespace) -> _Fault | None:
    """Return the fault, if a program in the container listens on other ports only."""
    listening = {port for _, port in namespace.sockets}
    ports = tuple(port for port in sorted(listening) if namespace.listens(port))
    if not ports or attempt.port in listening:
        return None
    published = [port.inner for port in container.ports if port.port == attempt.port]
    inner = next((port for port in published if port in ports), 0)
    return _Fault(attempt, container, ports[:_MAX_SHOWN], bool(published), inner)


def _fix(nginx: Nginx, backend: Backend, fault: _Fault) -> Fix:
    """Write the port inside of the container. Without a published port only a person knows which of
    the container's ports is meant, unless it is a single one. nginx-proxy writes its file anew out
    of the container's environment."""
    manual = Fix((Manual("write-the-inner-port", Where.SERVER),), Applicability.MANUAL)
    line, old = address_line(backend, fault.attempt.port), str(fault.attempt.port)
    writer = writer_of(nginx, line)
    if writer is not None and writer.panel == "nginx-proxy":
        return Fix((Manual("set-the-virtual-port", Where.SERVER),), Applicability.MANUAL)
    port = fault.inner or (fault.ports[0] if len(fault.ports) == 1 else 0)
    if not port or len(backend.connect_attempts) != 1:
        return manual
    changes: Changes = {}
    own = [proxy_target.directive for proxy_target in backend.proxy_targets]
    is_own = line is backend.proxy_target.directive
    colon = "" if line.args[-1:] == (old,) else ":"
    host = f"{fault.attempt.host}:" if is_own else colon
    lines = own if is_own else [line]
    replace_in_directives(nginx, lines, f"{host}{old}", f"{host}{port}", changes)
    sure = bool(fault.inner)
    return edit_fix(nginx, changes, "write-the-inner-port", sure=sure) if changes else manual
