"""The port of proxy_pass is published by a container that runs, and nothing behind it takes the
connection: docker-proxy accepts it, cannot pass it on and closes it. Or proxy_pass names the
container itself, and its program listens there on the container's own loopback address.

The container's program listens on another port, or on the container's own loopback address, or the
bridge between the server and its containers is down.
"""

from collections.abc import Iterator

from checks.listener._compose_edits import compose_fix, listening_change, published_change
from checks.listener._containers import compose_command, compose_place
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._containers import is_server_host, publishing
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, network_commands
from diagnose.model.addresses import bracketed, is_loopback
from diagnose.model.containers import Container, ContainerPort, Containers, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface

#: The bridges of the engines' default networks, by the networks' names.
_BRIDGES = {"bridge": "docker0", "podman": "podman0"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(
        *CONSEQUENCES,
        "upstream.closed-early",
        "upstream.timeout",
        "upstream.refused",
        "upstream.unreachable",
    ),
)
def container_unserved(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            fault = _fault(evidence, containers, backend)
            if fault is None:
                continue
            because = (
                *backend.connect_attempts,
                *backend.request_attempts,
                containers,
                *(
                    interface
                    for interface in evidence.good(Interface)
                    if interface.name == fault.bridge
                ),
                *backend_log_lines(nginx, backend, "upstream"),
            )
            yield upstream_claim(
                nginx, BackendFault(backend, _facts(fault), because), _fix(evidence, fault)
            )


@frozen
class _Fault:
    """What is wrong behind a published port: the `bridge` that is down, or else what listens in the
    container."""

    container: Container
    mapping: ContainerPort
    namespace: Namespace
    bridge: str = ""


def _fault(evidence: Evidence, containers: Containers, backend: Backend) -> _Fault | None:
    attempts = (*backend.connect_attempts, *backend.request_attempts)
    # A connection to docker-proxy opens; only a request shows that nothing is behind it.
    if not any(attempt.failure for attempt in attempts) or any(
        attempt.failure is None for attempt in backend.request_attempts
    ):
        return None
    first = attempts[0]
    if first.socket:
        return None
    if not is_server_host(evidence, first.host):
        return _kept_inside(containers, first)
    for container in publishing(containers.running, first.port):
        mapping = next(port for port in container.ports if port.port == first.port)
        for namespace in containers.namespaces:
            if namespace.container == container.id:
                bridge = _bridge_down(evidence, container)
                if bridge or not namespace.listens(mapping.inner):
                    return _Fault(container, mapping, namespace, bridge)
    return None


def _kept_inside(containers: Containers, attempt: UpstreamTry) -> _Fault | None:
    """Return the container that is asked itself, if its program has the port on loopback alone."""
    address = attempt.address or attempt.host
    if attempt.failure is None or attempt.failure.kind != "refused" or is_loopback(address):
        return None
    for container in containers.running:
        for namespace in containers.namespaces:
            has_port = attempt.port in {port for _, port in namespace.sockets}
            is_it = namespace.container == container.id and address in namespace.addresses
            if is_it and has_port and not namespace.listens(attempt.port):
                return _Fault(container, ContainerPort(attempt.port), namespace)
    return None


def _bridge_down(evidence: Evidence, container: Container) -> str:
    """Return the bridge of the container's default network, if it is down."""
    names = {_BRIDGES[network] for network in container.networks if network in _BRIDGES}
    interfaces = (interface for interface in evidence.good(Interface) if interface.name in names)
    return next((interface.name for interface in interfaces if not interface.up), "")


def _facts(fault: _Fault) -> dict[str, object]:
    ports = {number for address, number in fault.namespace.sockets if not is_loopback(address)}
    inner = fault.mapping.inner
    local = inner in {number for _, number in fault.namespace.sockets} - ports
    address = fault.mapping.address
    host = "" if address in {"", "0.0.0.0", "::"} else f"{bracketed(address)}:"
    return {
        "container": fault.container.name,
        "engine": fault.container.engine,
        "inner": inner,
        "published": fault.mapping.port is not None,
        "bridge": fault.bridge,
        "loopback": local and not fault.bridge,
        "ports": tuple(sorted(ports)) if not fault.bridge else (),
        # A single port inside is the one that was meant.
        "written": f"{host}{fault.mapping.port}:{min(ports)}" if len(ports) == 1 else "",
        "compose": compose_command(fault.container, "up", "-d"),
        **compose_place(fault.container),
    }


def _fix(evidence: Evidence, fault: _Fault) -> Fix:
    """Let the program listen where the port leads to, or the port lead to where it listens."""
    if fault.bridge:
        return Fix((network_commands.set_link_up(fault.bridge),), Applicability.REVIEW)
    facts = _facts(fault)
    if facts["loopback"]:
        return compose_fix(evidence, "listen-everywhere", (fault.container, listening_change))
    if not facts["written"]:
        return compose_fix(evidence, "publish-its-port")
    address, _, rest = str(facts["written"]).rpartition(f"{fault.mapping.port}:")
    change = published_change(fault.mapping, address.rstrip(":"), int(rest))
    return compose_fix(evidence, "publish-its-port", (fault.container, change))
