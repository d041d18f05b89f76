"""nginx in a container cannot reach an application that listens on the server itself or in another
container: the server's firewall rejects what comes from the containers' bridge.

firewalld puts an interface that is in no zone into the default zone (firewalld.zones(5)). Docker
binds its bridges to a zone of their own when it starts; a reload or another tool may take them out.
What a container sends to the server itself passes the server's own input rules in any case: those
of ufw, of firewalld, and others. They are followed for a packet from the container's address that
enters by its bridge.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
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
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import Containers, NginxContainer
from diagnose.model.firewall import Firewalld, Zone
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface, Listeners, interface_addresses

if TYPE_CHECKING:
    from checks.upstream import _container_rules

#: What a packet filter leaves of a connection.
_KINDS = frozenset({"unreachable", "timeout", "refused"})

#: The first letters of the names of bridges that engines make.
_BRIDGES = ("docker", "br-", "podman", "cni")


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, NginxContainer],
    explains=(*CONSEQUENCES, "upstream.unreachable", "upstream.refused"),
)
def container_firewall(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    container = next(iter(evidence.good(NginxContainer)), None)
    if container is None or "host" in container.networks:
        return
    for backend in backends(nginx):
        application = _application(evidence, container, backend)
        if application is None:
            continue
        decision = _decision(evidence, container, application)
        block = None if isinstance(decision, bool) else decision
        if block is None and (decision or _lets_in(evidence, application)):
            continue
        if _is_refused(backend) and (block is None or block.decision.verdict != "reject"):
            continue
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                _facts(evidence, container, application, block),
                because=(
                    *backend.connect_attempts,
                    container,
                    *evidence.good(Containers),
                    *(block.view.because if block else ()),
                    *backend_log_lines(nginx, backend, "while connecting to upstream"),
                ),
                confidence=Confidence.CERTAIN if block else Confidence.LIKELY,
            ),
            (block.fix() if block else None)
            or Fix((Manual(_step(evidence, application), Where.SERVER),), Applicability.MANUAL),
        )


@frozen
class _Application:
    """What listens at the address and port: the container `name`, or, if that is "", the server."""

    address: str
    port: int
    name: str = ""


def _application(
    evidence: Evidence, container: NginxContainer, backend: Backend
) -> _Application | None:
    if not backend.is_down:
        return None
    for attempt in backend.connect_attempts:
        if attempt.failure is None or attempt.failure.kind not in _KINDS:
            return None
    attempt = backend.connect_attempts[0]
    address = attempt.address or attempt.host
    if _is_served_here(evidence, address, attempt.port):
        return _Application(address, attempt.port)
    for containers in evidence.good(Containers):
        names = {container.id: container.name for container in containers.running}
        for namespace in containers.namespaces:
            own = namespace.container == container.digest
            if not own and address in namespace.addresses and namespace.listens(attempt.port):
                name = names.get(namespace.container) or f"pid {namespace.pid}"
                return _Application(address, attempt.port, name)
    return None


def _is_refused(backend: Backend) -> bool:
    """Return whether a refusal came back, which the application's machine sends as well: iptables'
    REJECT has the same (iptables-extensions(8), --reject-with)."""
    kinds = {attempt.failure.kind for attempt in backend.connect_attempts if attempt.failure}
    return "refused" in kinds


def _decision(
    evidence: Evidence, container: NginxContainer, application: _Application
) -> "_container_rules.Block | bool | None":
    """Return the rule that stops the connection to the server itself, True if the rules let it in;
    None for another container, and where that is not known."""
    if application.name:
        return None
    # Imported late: few applications are kept away.
    from checks.upstream import _container_rules

    return _container_rules.decision_for(evidence, container, application.address, application.port)


def _is_served_here(evidence: Evidence, address: str, port: int) -> bool:
    """Whether the address is the server's, and a program listens on it for others too."""
    own = interface_addresses(evidence.good(Interface))
    return address in own and any(
        not is_loopback(listener.address)
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(port)
    )


def _lets_in(evidence: Evidence, application: _Application) -> bool:
    """Whether the rules that are known let the connection pass: the fault is then another one, such
    as a container without a link. Between containers only firewalld shows that they do not."""
    if not _runs_firewalld(evidence):
        return bool(application.name)
    bridges = {
        interface.name
        for interface in evidence.good(Interface)
        if interface.name.startswith(_BRIDGES) and interface.up
    }
    zones = [zone for zone in evidence.good(Zone) if not zone.permanent]
    bound = {name: zone for zone in zones for name in zone.interfaces if name in bridges}
    default = [zone for zone in zones if zone.default and bridges - bound.keys()]
    port = 0 if application.name else application.port
    return all(
        zone.target == "ACCEPT" or (port and zone.admits(port))
        for zone in (*bound.values(), *default)
    )


def _facts(
    evidence: Evidence,
    container: NginxContainer,
    application: _Application,
    block: "_container_rules.Block | None",
) -> dict[str, object]:
    bridges = [
        interface.name
        for interface in evidence.good(Interface)
        if interface.name.startswith(_BRIDGES) and interface.up
    ]
    bound = {
        name: zone.name
        for zone in evidence.good(Zone)
        if not zone.permanent
        for name in zone.interfaces
    }
    unbound = next((name for name in bridges if name not in bound), next(iter(bridges), ""))
    bridge = block.bridge if block else unbound
    return {
        "container": container.title,
        "engine": container.engine,
        "address": application.address,
        "port": application.port,
        "other": application.name,
        "source": next(iter(container.addresses), ""),
        "bridge": bridge,
        "zone": bound.get(bridge, ""),
        "firewalld": _runs_firewalld(evidence),
        "rule": "",
        "where": "",
        "owner": "",
        "network": "",
        **(block.facts if block else {}),
        "default_zone": next(
            (firewalld.default_zone for firewalld in evidence.good(Firewalld)), ""
        ),
    }


def _runs_firewalld(evidence: Evidence) -> bool:
    return any(firewalld.running for firewalld in evidence.good(Firewalld))


def _step(evidence: Evidence, application: _Application) -> str:
    if not _runs_firewalld(evidence):
        return "let-containers-in" if not application.name else "look-at-the-rules"
    return "bind-the-bridge" if application.name else "let-containers-in"
