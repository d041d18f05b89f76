"""Checks of the layer `listener`, and what they share."""

from diagnose.model import Evidence
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection


def is_loopback(address: str) -> bool:
    """127.0.0.0/8 and ::1 (RFC 6890)."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def listeners_on(evidence: Evidence, port: int) -> tuple[Listener, ...]:
    return tuple(
        listener for listeners in evidence.good(Listeners) for listener in listeners.on(port)
    )


def target_connections(evidence: Evidence) -> tuple[Connection, ...]:
    """The connections to the target's port by which a visitor would come."""
    return tuple(
        connection
        for connection in evidence.of(Connection)
        if connection.port == evidence.target.port and not is_loopback(connection.address)
    )


def target_answers(evidence: Evidence) -> bool:
    """Whether something answers all the same: TLS ends at a load balancer, or the traffic is led
    past this machine's sockets into a container."""
    return any(connection.failure is None for connection in target_connections(evidence))
