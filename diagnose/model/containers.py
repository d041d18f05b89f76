"""Observations of the containers on a server."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Digest, Image, Label
from diagnose.model.summary import Summary, joined

Engine = Literal["docker", "podman"]


@frozen
class ContainerPort:
    """A TCP port `inner` of a container. It is published at `address` and `port` of the server, or
    only declared (EXPOSE) if `port` is None."""

    inner: int
    port: int | None = None
    address: Address = ""


@frozen
class Container:
    """A running container, as its engine ("docker", "podman") lists it. `networks` contains "host"
    if the container has no network of its own."""

    engine: Engine
    id: Digest
    name: Label
    image: Image = ""
    networks: tuple[Label, ...] = ()
    ports: tuple[ContainerPort, ...] = ()


@frozen
class Namespace:
    """A network namespace other than the server's (network_namespaces(7)): some of its processes,
    its addresses, and the TCP sockets that listen in it. `container` is the id of the container
    that owns it, "" if unknown."""

    pid: int
    processes: tuple[Label, ...] = ()
    container: Digest = ""
    addresses: tuple[Address, ...] = ()
    sockets: tuple[tuple[Address, int], ...] = ()

    def listens(self, port: int) -> bool:
        """Return True if something listens on the port at an address other than loopback."""
        return any(number == port and not is_loopback(at) for at, number in self.sockets)


@frozen(kw_only=True, eq=False)
class Containers(Observation):
    """The running containers, and the listening sockets in other network namespaces. Observed only
    if nothing in the server's own namespace listens on the target's port. `engines` are the engines
    that answered."""

    layer: ClassVar[str] = "listener"

    engines: tuple[Engine, ...] = ()
    containers: tuple[Container, ...] = ()
    namespaces: tuple[Namespace, ...] = ()

    def summary(self) -> Summary:
        names = [container.name for container in self.containers[:12]]
        return "containers", joined(
            names
            or [
                f"{joined(namespace.processes[:1])} (pid {namespace.pid})"
                for namespace in self.namespaces[:12]
            ]
        )
