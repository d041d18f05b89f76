"""Checks of the layer `listener`, and what they share."""

from diagnose.model import Evidence, Host
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection


def listeners_on(evidence: Evidence, port: int) -> tuple[Listener, ...]:
    return tuple(
        listener for listeners in evidence.good(Listeners) for listener in listeners.on(port)
    )


def target_connections(evidence: Evidence) -> tuple[Connection, ...]:
    """Return the connections to the target's port that a visitor could make too. The visitors of
    localhost are programs on this machine itself."""
    on_server = any(host.via == "local" for host in evidence.of(Host))
    is_own = on_server and is_local_host(evidence.target.host)
    return tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.port == evidence.target.port
        and (is_own or not is_loopback(connection.address))
    )


def target_answers(evidence: Evidence) -> bool:
    """Return whether the port answers although nothing listens: TLS ends at a load balancer, or
    traffic is redirected past this machine's sockets into a container."""
    return any(connection.failure is None for connection in target_connections(evidence))
