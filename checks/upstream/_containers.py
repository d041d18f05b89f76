"""Which container is behind an address of proxy_pass."""

from diagnose.model import Evidence
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.containers import Container, NginxContainer
from diagnose.model.server import Interface


def is_server_host(evidence: Evidence, host: str) -> bool:
    """Whether the host of a proxy_pass is the server itself. For an nginx in a container with a
    network of its own, 127.0.0.1 is not."""
    own = {a for interface in evidence.good(Interface) for a in interface.addresses}
    if any("host" not in container.networks for container in evidence.good(NginxContainer)):
        # The server's own `lo` has 127.0.0.1 too.
        is_reached = not is_loopback(host) and host in own
        return is_reached or host == "host.docker.internal"
    return is_local_host(host) or host in own


def publishing(containers: tuple[Container, ...], port: int) -> tuple[Container, ...]:
    """Return the containers that publish a port of the server."""
    return tuple(
        container
        for container in containers
        if any(mapping.port == port for mapping in container.ports)
    )
