"""Checks of the layer `listener`, and what they share."""

from diagnose.model import Evidence
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection


def is_loopback(address: str) -> bool:
    """127.0.0.0/8 and ::1 (RFC 6890)."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def sockets(evidence: Evidence, port: int) -> tuple[Listener, ...]:
    return tuple(one for seen in evidence.good(Listeners) for one in seen.on(port))


def tries(evidence: Evidence) -> tuple[Connection, ...]:
    """The connections to the target's port by which a visitor would come."""
    return tuple(
        one
        for one in evidence.of(Connection)
        if one.port == evidence.target.port and not is_loopback(one.address)
    )


def answers(evidence: Evidence) -> bool:
    """Whether something answers all the same: TLS ends at a load balancer, or the traffic is led
    past this machine's sockets into a container."""
    return any(one.failure is None for one in tries(evidence))
