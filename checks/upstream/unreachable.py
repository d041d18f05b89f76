"""The application is on another host that this server cannot reach: an ICMP error comes back, or
nothing, or no local port is free to connect from. nginx sends 502 or, after
proxy_connect_timeout, 504 (error.log: "connect() failed (113: No route to host)", "upstream timed
out (110: Connection timed out) while connecting to upstream")."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import name_fix
from checks.upstream._containers import has_no_listener, is_server_host, loopback_listeners
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
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.nginx import NginxConfig, UpstreamTry

#: connect(2): all local ports of ip_local_port_range are in use for connections to this end.
_NO_LOCAL_PORT = "EADDRNOTAVAIL"

#: EPERM: this server's own firewall forbids the connection (send(2), nft(8)).
_KINDS = {"unreachable", "timeout", "denied"}


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def unreachable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        failed_attempts = [
            attempt
            for attempt in backend.connect_attempts
            if attempt.failure and not attempt.socket
        ]
        kinds = {attempt.failure.kind for attempt in failed_attempts if attempt.failure}
        if (
            not backend.is_down
            or not kinds
            or not kinds <= _KINDS
            or len(failed_attempts) < len(backend.connect_attempts)
        ):
            continue
        first = next(
            (
                attempt.failure
                for attempt in failed_attempts
                if attempt.failure and attempt.failure.kind != "timeout"
            ),
            None,
        )
        failure = first or failed_attempts[0].failure
        is_own_firewall = failure is not None and failure.kind == "denied"
        lacks_port = failure is not None and failure.name == _NO_LOCAL_PORT
        # A rule that lets the connection in helps only where a program takes it.
        unserved = not is_own_firewall and not lacks_port and _has_no_program(evidence, backend)
        step = "free-ports" if lacks_port else "let-it-out" if is_own_firewall else "let-it-in"
        step = "start-the-application" if unserved else step
        apart = _container_in_other_network(evidence, backend) if step == "let-it-in" else None
        manual = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
        log_lines = backend_log_lines(nginx, backend, "while connecting to upstream")
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "message": failure.message if failure else "",
                    "code": failure.code or "" if failure else "",
                    "timeout": kinds == {"timeout"},
                    "own": is_own_firewall,
                    "no_port": lacks_port,
                    "unserved": unserved,
                    "loopback": loopback_listeners(evidence, failed_attempts[0].port)
                    if unserved
                    else (),
                    "container": _container(evidence),
                    "apart": apart[0].name if apart else "",
                    "apart_network": apart[0].networks[0] if apart else "",
                    "waited": max(attempt.took for attempt in failed_attempts),
                },
                because=(*failed_attempts, *log_lines),
                confidence=Confidence.CERTAIN if first or log_lines else Confidence.LIKELY,
                ruled_out=("upstream.refused",),
            ),
            name_fix(nginx, backend, *apart, step) if apart else manual,
        )


def _container_in_other_network(
    evidence: Evidence, backend: Backend
) -> tuple[Container, NginxContainer] | None:
    """Return the running container that has the address and the port, and nginx's, if they share no
    network."""
    proxy, attempt = next(iter(evidence.good(NginxContainer)), None), backend.connect_attempts[0]
    if proxy is None or proxy.own_network or "host" in proxy.networks:
        return None
    for containers in evidence.good(Containers):
        for space in containers.namespaces:
            is_there = (attempt.address or attempt.host) in space.addresses
            for container in containers.running if is_there and space.listens(attempt.port) else ():
                is_apart = not set(container.networks) & set(proxy.networks)
                if container.id == space.container and is_apart and container.networks:
                    return container, proxy
    return None


def _container(evidence: Evidence) -> str:
    """Return the container that does not reach the application: the server itself may do so. ""
    where nginx has the server's network."""
    container = next(iter(evidence.good(NginxContainer)), None)
    return container.title if container and "host" not in container.networks else ""


def _has_no_program(evidence: Evidence, backend: Backend) -> bool:
    """Return whether the application's address is this server's own, and nothing listens there."""
    return all(
        is_server_host(evidence, attempt.address or attempt.host)
        and has_no_listener(evidence, attempt.port)
        for attempt in backend.connect_attempts
    )
