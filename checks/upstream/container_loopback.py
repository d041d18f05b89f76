"""nginx runs in a container and passes requests to 127.0.0.1, which is the container itself. The
application is outside it: on the server or in another container.

A container has a network namespace of its own, with a loopback device of its own
(network_namespaces(7)). Inside it the connection was refused; outside it a program has the port. A
name may lead there too: by the container's hosts file, or by that of the server.
A service has the same with PrivateNetwork= (systemd.exec(5)).
"""

from collections.abc import Iterator

from checks.listener._compose_edits import (
    compose_steps,
    compose_text,
    container_by_id,
    host_network_change,
    unnamed_change,
)
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import gateway_of, name_fix, server_fix
from checks.upstream._containers import NAMELESS, publishing
from checks.upstream._loopback_programs import may_have_servers_network
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.containers import Container, Containers, Namespace, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Listener, Listeners

_UNSPECIFIED = frozenset({"0.0.0.0", "::"})


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, NginxContainer],
    explains=(*CONSEQUENCES, "upstream.refused"),
)
def container_loopback(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    container = next(iter(evidence.good(NginxContainer)), None)
    if container is None or "host" in container.networks:
        return
    for backend in backends(nginx):
        if not backend.is_down or not all(map(_is_own_loopback, backend.connect_attempts)):
            continue
        port = backend.connect_attempts[0].port
        application = _application(evidence, container, port)
        if application is None:
            continue
        fix = _fix(nginx, backend, application, container)
        facts = _facts(evidence, container, application, backend.connect_attempts[0])
        # What comes before the words of a person's step.
        facts["keeps_address"] = fix.applicability is Applicability.REVIEW and bool(
            facts["local_only"] or facts["named"]
        )
        facts["done_before"] = any(not isinstance(step, Manual) for step in fix.steps)
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                facts,
                because=(
                    *backend.connect_attempts,
                    container,
                    *evidence.good(Containers),
                    *backend_log_lines(nginx, backend, r"connect\(\) failed", 111),
                ),
                confidence=Confidence.LIKELY,
            ),
            fix,
        )


@frozen
class _Application:
    """What has the port outside the container: a program of the server, or another container."""

    listener: Listener | None = None
    namespace: Namespace | None = None
    container: Container | None = None
    inner: int | None = None

    @property
    def name(self) -> str:
        return self.container.name if self.container else ""


def _is_own_loopback(attempt: UpstreamTry) -> bool:
    refused = attempt.failure is not None and attempt.failure.kind == "refused"
    return refused and (_is_address(attempt.host) or is_loopback(attempt.address))


def _is_address(host: str) -> bool:
    """Whether a host is written that means the container itself: as the destination of a
    connection, 0.0.0.0 leads to the machine that opens it (ip(7))."""
    return is_local_host(host) or host in _UNSPECIFIED


def _application(evidence: Evidence, own: NginxContainer, port: int) -> _Application | None:
    for containers in evidence.good(Containers):
        by_id = {container.id: container for container in containers.running}
        if application := _published(containers, own, port):
            return application
        for namespace in containers.namespaces:
            if namespace.container != own.digest and any(p == port for _, p in namespace.sockets):
                container = by_id.get(namespace.container)
                return _Application(namespace=namespace, container=container)
    for listeners in evidence.good(Listeners):
        for listener in listeners.on(port):
            return _Application(listener=listener)
    return None


def _published(containers: Containers, own: NginxContainer, port: int) -> _Application | None:
    """Return the one container that publishes the port of the server from another one of its
    own."""
    others = tuple(container for container in containers.running if container.id != own.digest)
    published = publishing(others, port)
    inner = {mapping.inner for each in published for mapping in each.ports if mapping.port == port}
    if len(published) != 1 or len(inner) != 1 or port in inner:
        return None
    spaces = [
        namespace for namespace in containers.namespaces if namespace.container == published[0].id
    ]
    return _Application(
        namespace=next(iter(spaces), None), container=published[0], inner=inner.pop()
    )


def _facts(
    evidence: Evidence, container: NginxContainer, application: _Application, attempt: UpstreamTry
) -> dict[str, object]:
    listener, namespace = application.listener, application.namespace
    networks = {
        other_container.name: set(other_container.networks)
        for containers in evidence.good(Containers)
        for other_container in containers.running
    }
    shared = networks.get(application.name, set()) & set(container.networks)
    return {
        "container": container.title,
        "apart_only": container.own_network,
        "engine": container.engine,
        "port": attempt.port,
        "inner": application.inner or "",
        "its_port": application.inner or attempt.port,
        "named": "" if _is_address(attempt.host) else attempt.host,
        "address": attempt.address,
        "other": application.name,
        "process": (listener.process or "") if listener else _first(namespace),
        "on_server": listener is not None,
        "local_only": listener is not None and is_loopback(listener.address),
        "network": next(iter(container.networks), ""),
        "apart": bool(application.name) and not shared,
        "server_address": _server_address(evidence, container, listener),
        "default_network": not container.networks or container.networks == ("bridge",),
    }


def _server_address(
    evidence: Evidence, container: NginxContainer, listener: Listener | None
) -> str:
    """Return the server's address for a container that has no compose file which could name it."""
    listed = container_by_id(evidence, container.digest)
    is_open = listener is not None and not is_loopback(listener.address)
    has_file = listed is not None and bool(compose_text(evidence, listed))
    return gateway_of(evidence, container) if is_open and not has_file else ""


def _first(namespace: Namespace | None) -> str:
    return namespace.processes[0] if namespace and namespace.processes else ""


def _fix(
    nginx: Nginx, backend: Backend, application: _Application, container: NginxContainer
) -> Fix:
    """Name the application's container. A name that means the loopback address is put right where
    it comes from, and a program that listens on its own loopback address alone is not reached by
    its container's name either."""
    step = "name-the-server" if application.listener else "name-the-container"
    step = "share-the-network" if container.own_network else step
    attempt, namespace = backend.connect_attempts[0], application.namespace
    port = application.inner or attempt.port
    is_reachable = namespace is not None and namespace.listens(port)
    is_address = _is_address(attempt.host) and len(backend.connect_attempts) == 1
    if fix := _unnamed_fix(nginx.evidence, attempt.host, application, container):
        return fix
    if not is_address or container.own_network:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    if application.container and is_reachable:
        return name_fix(nginx, backend, application.container, container, step, application.inner)
    listener = application.listener
    if listener is not None and not is_loopback(listener.address):
        return server_fix(nginx, backend, container, step)
    if listener is not None and may_have_servers_network(nginx, container, _is_address):
        own = container_by_id(nginx.evidence, container.digest)
        if own and (steps := compose_steps(nginx.evidence, (own, host_network_change))):
            return Fix(steps, Applicability.REVIEW)
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _unnamed_fix(
    evidence: Evidence, host: str, application: _Application, container: NginxContainer
) -> Fix | None:
    """Take the name out of the compose file of nginx's container, if it is that of the application
    in a network of both: then it has the engine's meaning."""
    own, other = container_by_id(evidence, container.digest), application.container
    if own is None or other is None or application.inner or _is_address(host):
        return None
    names = {other.name, other.compose.service if other.compose else ""}
    shared = set(other.networks) & set(container.networks) - NAMELESS
    steps = compose_steps(evidence, (own, unnamed_change(host))) if host in names and shared else ()
    return Fix(steps, Applicability.REVIEW) if steps else None
