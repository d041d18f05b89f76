"""Which container or program is behind an address of proxy_pass."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from diagnose.model import Evidence, Subject
from diagnose.model.addresses import bracketed, is_local_host, is_loopback
from diagnose.model.containers import Container, Containers, Namespace, NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.parsers.hostnames import is_address


def is_server_host(evidence: Evidence, host: str) -> bool:
    """Whether the host of a proxy_pass is the server itself. For an nginx in a container with a
    network of its own, 127.0.0.1 is not."""
    own = interface_addresses(evidence.good(Interface))
    if any("host" not in container.networks for container in evidence.good(NginxContainer)):
        # The server's own `lo` has 127.0.0.1 too.
        is_reached = not is_loopback(host) and host in own
        return is_reached or host == "host.docker.internal"
    return is_local_host(host) or host in own


def has_no_listener(evidence: Evidence, port: int) -> bool:
    """Return whether no program of the server takes connections at a port for others than the
    server itself, and no container publishes it: an engine may do that without a program."""
    snapshots = list(evidence.good(Listeners))
    listens = any(
        not is_loopback(socket.address) for snapshot in snapshots for socket in snapshot.on(port)
    )
    published = any(publishing(item.containers, port) for item in evidence.good(Containers))
    return bool(snapshots) and not listens and not published


def loopback_listeners(evidence: Evidence, port: int) -> tuple[str, ...]:
    """Return the loopback addresses of the server at which a program has the port."""
    names = (
        str(Subject(address=socket.address, port=port))
        for snapshot in evidence.good(Listeners)
        for socket in snapshot.on(port)
        if is_loopback(socket.address)
    )
    return tuple(dict.fromkeys(names))


def publishing(containers: tuple[Container, ...], port: int) -> tuple[Container, ...]:
    """Return the containers that publish a port of the server."""
    return tuple(container for container in containers if container.publishes(port))


def namespace_of(containers: Containers, container: Container) -> Namespace | None:
    """Return the network of a container, None if it is not known."""
    return next(
        (namespace for namespace in containers.namespaces if namespace.container == container.id),
        None,
    )


def open_ports(namespace: Namespace | None) -> tuple[int, ...]:
    """Return the ports at which a namespace takes connections from outside of it."""
    numbers = {number for _, number in namespace.sockets} if namespace else set()
    return tuple(sorted(port for port in numbers if namespace and namespace.listens(port)))


def published_address(container: Container, ports: tuple[int, ...], port: int) -> str:
    """Return where the server reaches the port of a container, or the one that it publishes as
    this number, if a program listens behind it; "" if nowhere. `ports` are those that are open in
    it, () if that is not known."""
    mappings = [
        each for each in container.ports if each.port and (each.inner in ports or not ports)
    ]
    for mapping in mappings:
        if port in {mapping.inner, mapping.port}:
            is_everywhere = mapping.address in {"", "0.0.0.0", "::"}
            host = "127.0.0.1" if is_everywhere else bracketed(mapping.address)
            return f"{host}:{mapping.port}"
    return ""


def is_beside(evidence: Evidence, host: str, addresses: Sequence[str]) -> bool:
    """Return whether an address is in a network of the server that has one of these, too."""
    networks = (
        ip_network(network, strict=False)
        for interface in evidence.good(Interface)
        for network in interface.networks
    )
    return any(
        ip_address(host) in network
        and any(ip_address(other) in network for other in addresses if is_address(other))
        for network in networks
    )


#: The networks in which an engine knows no names, and those that are none.
NAMELESS = {"bridge", "podman", "host", "none"}


_MAX_NEIGHBOURS = 8


@frozen(eq=False)
class Apart:
    """The container of the web server, and that of the application, which runs and has none of its
    networks. `network` is one in which the application has a name."""

    proxy: NginxContainer
    application: Container
    network: str
    because: tuple[Containers | NginxContainer, ...]


def apart_container(evidence: Evidence, name: str) -> Apart | None:
    """Return the running container of this name, or of this service of a compose file, if the web
    server's container has no network in common with it; None if that is not so, or not known."""
    proxy = next((item for item in evidence.good(NginxContainer) if item.networks), None)
    if proxy is None or "host" in proxy.networks:
        return None
    for containers in evidence.good(Containers):
        named = [item for item in containers.running if _has_name(item, name)]
        networks = [item for item in named[0].networks if item not in NAMELESS] if named else []
        if len(named) == 1 and networks and not set(proxy.networks) & set(networks):
            return Apart(proxy, named[0], networks[0], (proxy, containers))
    return None


def _has_name(container: Container, name: str) -> bool:
    """Return whether a container has this name, or is the first of this service (docker compose:
    PROJECT-SERVICE-1)."""
    is_service = container.compose is not None and container.compose.service == name
    is_named = container.name == name or container.name.endswith((f"-{name}-1", f"_{name}_1"))
    return is_service or is_named


def beside_without_names(evidence: Evidence, name: str) -> Container | None:
    """Return the running container of this name where that of the web server has only the engine's
    default network, in which no names are known; None if it has another, or neither is known."""
    proxy = next((item for item in evidence.good(NginxContainer) if item.networks), None)
    if proxy is None or not {*proxy.networks} <= {"bridge", "podman"}:
        return None
    named = [
        container
        for containers in evidence.good(Containers)
        for container in containers.running
        if _has_name(container, name)
    ]
    return named[0] if len(named) == 1 else None


@frozen(eq=False)
class Nameless:
    """The container of the web server, and the names of the others in its networks, of which none
    is the one that is asked for."""

    proxy: NginxContainer
    neighbours: tuple[str, ...]
    because: tuple[Containers | NginxContainer, ...]


def nameless_container(evidence: Evidence, name: str) -> Nameless | None:
    """Return the containers in the web server's networks if none of the server's, running or not,
    has this name, which is one as containers have it; None if one has, or none is there."""
    proxy = next((item for item in evidence.good(NginxContainer) if item.networks), None)
    if proxy is None or "." in name or not set(proxy.networks) - NAMELESS:
        return None
    for containers in evidence.good(Containers):
        if any(_has_name(item, name) for item in containers.containers):
            return None
        own = set(proxy.networks) - NAMELESS
        beside = [
            item.compose.service if item.compose else item.name
            for item in containers.running
            if own & set(item.networks) and item.id != proxy.digest
        ]
        if beside:
            return Nameless(
                proxy, tuple(dict.fromkeys(beside))[:_MAX_NEIGHBOURS], (proxy, containers)
            )
    return None
