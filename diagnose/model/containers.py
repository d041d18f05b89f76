"""What can be seen of containers from the server they run on."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen
class ContainerPort:
    """A TCP port `inner` of a container; published at `address` and `port` of the server, or, where
    `port` is None, only declared (EXPOSE)."""

    inner: int
    port: int | None = None
    address: str = ""


@frozen
class Container:
    """A running container, as its engine ("docker", "podman") lists it. `networks` has "host" where
    it has no network of its own."""

    engine: str
    id: str
    name: str
    image: str = ""
    networks: tuple[str, ...] = ()
    ports: tuple[ContainerPort, ...] = ()


@frozen
class Namespace:
    """A network namespace other than the server's (network_namespaces(7)): some of the processes
    in it, its addresses, and the TCP sockets that listen in it. `container` is the number of the
    container whose it is, "" where that is not known."""

    pid: int
    processes: tuple[str, ...] = ()
    container: str = ""
    addresses: tuple[str, ...] = ()
    sockets: tuple[tuple[str, int], ...] = ()

    def listens(self, port: int) -> bool:
        """Whether something listens there for others than itself."""
        return any(number == port and not _is_loopback(at) for at, number in self.sockets)


@frozen(kw_only=True, eq=False)
class Containers(Observation):
    """Which containers run, and what listens in network namespaces apart from the server's. Only
    looked at where nothing of the server's own listens on the target's port. `engines` are those
    that answered."""

    layer: ClassVar[str] = "listener"

    engines: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    namespaces: tuple[Namespace, ...] = ()


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
