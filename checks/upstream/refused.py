"""The address of proxy_pass refuses connections. It was tried from the server, as nginx does; nginx
sends 502 (error.log: "connect() failed (111: Connection refused) while connecting to upstream")."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.containers import Containers
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Listeners

_MAX_SHOWN = 6

#: Addresses that stand for every one.
_EVERYWHERE = {"0.0.0.0", "::", "*"}


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        endpoints = _refusing_endpoints(backend)
        if backend.is_down and endpoints:
            yield upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    {
                        "listening": _listening_programs(evidence),
                        "containers": _published_ports(evidence),
                        "elsewhere": _other_addresses(evidence, endpoints),
                    },
                    because=(
                        *backend.connect_attempts,
                        *backend_log_lines(nginx, backend, r"connect\(\) failed", 111),
                    ),
                    endpoints=endpoints,
                ),
                Fix((Manual("start-the-application", Where.APPLICATION),), Applicability.MANUAL),
            )


def _refusing_endpoints(backend: Backend) -> tuple[str, ...]:
    """Return the endpoints that refuse. If the other ones cannot be reached at all, a refusal is
    still the more useful fault."""
    refused_attempts = (
        attempt
        for attempt in backend.connect_attempts
        if attempt.failure and attempt.failure.kind == "refused"
    )
    return tuple(
        dict.fromkeys(attempt.endpoint for attempt in refused_attempts if not attempt.socket)
    )


def _other_addresses(evidence: Evidence, endpoints: tuple[str, ...]) -> tuple[str, ...]:
    """Return the addresses on which a program listens on the application's own port, if none of
    them gets nginx's connections: it may be the application, unless visitors come there themselves.
    A program that listens where nginx connects, or everywhere, was down for a moment."""
    ports = {endpoint.rpartition(":")[2] for endpoint in endpoints}
    front = ("nginx", evidence.target.port)
    sockets = [
        socket
        for snapshot in evidence.good(Listeners)
        for socket in snapshot.sockets
        if str(socket.port) in ports and (socket.process, socket.port) != front
    ]
    names = [str(Subject(address=socket.address, port=socket.port)) for socket in sockets]
    if any(socket.address in _EVERYWHERE for socket in sockets) or set(names) & set(endpoints):
        return ()
    return tuple(dict.fromkeys(names))[:_MAX_SHOWN]


def _published_ports(evidence: Evidence) -> tuple[str, ...]:
    """Return the ports that running containers publish: the application may be there, on another
    port than before."""
    return tuple(
        f"{container.name} ({mapping.port} → {mapping.inner})"
        for containers in evidence.good(Containers)
        for container in containers.running
        for mapping in container.ports
        if mapping.port and ":" not in mapping.address
    )[:_MAX_SHOWN]


def _listening_programs(evidence: Evidence) -> tuple[str, ...]:
    """Return the other programs that listen on this machine: the application may be there, on
    another port."""
    programs = dict.fromkeys(
        f"{socket.process} {socket.port}"
        for snapshot in evidence.good(Listeners)
        for socket in snapshot.sockets
        if socket.process and socket.process not in {"nginx", "sshd", "systemd-resolve", "dnsmasq"}
    )
    return tuple(programs)[:_MAX_SHOWN]
