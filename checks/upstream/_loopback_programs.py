"""A program that listens on the server's loopback address alone, which nginx in a container asks at
another address of the server: host.docker.internal is that of the containers' bridge.

There nobody listens, and the connection is refused. In the server's own network nginx reaches it,
and nothing of the program is opened.
"""

from collections.abc import Callable

from checks.listener._compose_edits import (
    SERVER_NAMES,
    compose_text,
    container_by_id,
    host_network_change,
)
from checks.nginx import Nginx
from checks.upstream import Backend, backends
from checks.upstream._container_names import address_changes, gateway_of, made_anew
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES, Containers, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.server import Listener, Listeners, server_addresses

#: The name by which podman tells a container the server (podman-run(1), "--add-host").
_OTHER_NAMES = frozenset({"host.containers.internal", *SERVER_NAMES.values()})


@frozen
class LoopbackProgram:
    """The program, the container of nginx, and the address of the server that it asks."""

    listener: Listener
    container: NginxContainer
    gateway: str

    @property
    def address(self) -> str:
        return f"{self.listener.address}:{self.listener.port}"


def loopback_program(nginx: Nginx, backend: Backend) -> LoopbackProgram | None:
    """Return the only program of the server that has the asked port, if it listens on 127.0.0.1
    alone and nginx in a container asks another address of the server."""
    container = next(iter(nginx.evidence.good(NginxContainer)), None)
    endpoints = backend.proxy_target.endpoints
    if container is None or "host" in container.networks or not container.name:
        return None
    if len(endpoints) != 1 or endpoints[0].socket or not _is_server(nginx, endpoints[0].host):
        return None
    sockets = [
        each for item in nginx.evidence.good(Listeners) for each in item.on(endpoints[0].port)
    ]
    is_own = len(sockets) == 1 and sockets[0].address == "127.0.0.1"
    if not is_own or sockets[0].process in CONTAINER_PROCESSES:
        return None
    return LoopbackProgram(sockets[0], container, gateway_of(nginx.evidence, container))


def loopback_facts(program: LoopbackProgram | None) -> dict[str, object]:
    """Return the program's name and the address at which a container asks the server."""
    return {
        "bridge": program is not None,
        "gateway": program.gateway if program else "",
        "local_program": (program.listener.process or "") if program else "",
    }


def _is_server(nginx: Nginx, host: str) -> bool:
    own = server_addresses(nginx.evidence)
    return host in _OTHER_NAMES or (host in own and not is_loopback(host))


def servers_network_fix(nginx: Nginx, backend: Backend, program: LoopbackProgram) -> Fix:
    """Give nginx's container the server's network, and let it ask 127.0.0.1 there; the step for a
    person where it has no compose file, or asks others by their names."""
    manual = Fix((Manual("listen-for-containers", Where.APPLICATION),), Applicability.MANUAL)
    container = program.container
    listed = container_by_id(nginx.evidence, container.digest)
    if listed is None or not compose_text(nginx.evidence, listed):
        return manual
    if not may_have_servers_network(nginx, container, lambda host: _is_server(nginx, host)):
        return manual
    port = program.listener.port
    changes = address_changes(nginx, backend, container, "127.0.0.1", port)
    steps = made_anew(nginx, changes, container, (listed, host_network_change)) if changes else ()
    return Fix(steps, Applicability.REVIEW) if steps else manual


def may_have_servers_network(
    nginx: Nginx, container: NginxContainer, is_server: Callable[[str], bool]
) -> bool:
    """Return whether nginx's container loses nothing in the server's network, and opens nothing
    there: it asks no others by a name, has no port published as another one, and listens on no port
    that nobody shall reach. `is_server` tells the hosts that mean the server itself."""
    own = container_by_id(nginx.evidence, container.digest)
    hosts = [endpoint.host for backend in backends(nginx) for t in backend.proxy_targets
             for endpoint in t.endpoints]  # fmt: skip
    if own is None or not own.ports or not all(map(is_server, hosts)):
        return False
    is_same = all(
        port.port == port.inner and not is_loopback(port.address) for port in own.ports if port.port
    )
    published = {port.inner for port in own.ports if port.port}
    listening = {
        port
        for containers in nginx.evidence.good(Containers)
        for space in containers.namespaces
        if space.container == own.id
        for _, port in space.sockets
        if space.listens(port)
    }
    return is_same and bool(listening) and listening <= published
