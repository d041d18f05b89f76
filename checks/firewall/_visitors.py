"""Who visits the target, by which ports and addresses, and what their connection attempts show."""

from collections.abc import Collection, Iterable

from diagnose.model import Evidence, Host, Subject, Vantage
from diagnose.model.addresses import family_of, is_loopback, is_private
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.dns import Resolution
from diagnose.model.firewall import Firewalld
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface, Listeners, interface_addresses
from diagnose.model.tcp import Connection


def relevant_ports(evidence: Evidence) -> tuple[int, ...]:
    """Return the target's port, and 80 if something listens there on an address that others can
    reach."""
    port = evidence.target.port
    http_listeners = [
        listener for listeners in evidence.good(Listeners) for listener in listeners.on(80)
    ]
    has_redirect = port != 80 and any(
        not is_loopback(listener.address) for listener in http_listeners
    )
    return (port, 80) if has_redirect else (port,)


def target_addresses(evidence: Evidence) -> tuple[str, ...]:
    """Return the addresses that visitors use, in the order observed.

    Loopback addresses are left out: a name that resolves to loopback here resolves to another
    address for others.
    """
    addresses = [
        connection.address
        for connection in evidence.of(Connection)
        if connection.purpose == "target"
    ]
    addresses += [
        address for resolution in evidence.good(Resolution) for address in resolution.addresses
    ]
    return tuple(address for address in dict.fromkeys(addresses) if not is_loopback(address))


def client_attempts(evidence: Evidence) -> dict[str, tuple[Connection, ...]]:
    """Return the connection attempts of the client that runs the checks from outside, by its
    address as the server sees it.

    That is the client's own address. If it is translated on the way, it is the address that SSH
    reports.
    """
    if probes_from_the_server(evidence):
        return {}
    daemon = next(iter(evidence.good(Firewalld)), None)
    ssh_client = daemon.caller if daemon else ""
    attempts: dict[str, list[Connection]] = {}
    for connection in evidence.of(Connection):
        if (
            connection.vantage is Vantage.HERE
            and connection.source
            and not is_loopback(connection.address)
        ):
            is_same_family = ssh_client and (":" in ssh_client) == (":" in connection.source)
            source = (
                ssh_client
                if is_same_family and is_private(connection.source)
                else connection.source
            )
            attempts.setdefault(source, []).append(connection)
    return {source: tuple(connections) for source, connections in attempts.items()}


def ssh_clients(evidence: Evidence) -> tuple[str, ...]:
    """Return the address of the person who is logged in over SSH and runs the checks on the server
    itself.

    It is the only visitor address that the server knows.
    """
    if not probes_from_the_server(evidence):
        return ()
    addresses = dict.fromkeys(kernel.client for kernel in evidence.good(Kernel) if kernel.client)
    return tuple(address for address in addresses if not is_loopback(address))


def external_connections(evidence: Evidence, port: int) -> tuple[Connection, ...]:
    """Return the successful connections to a port that left the machine.

    On the server itself, connections to its own addresses go over loopback and prove nothing.
    """
    own_addresses: set[str] = set()
    if probes_from_the_server(evidence):
        own_addresses = interface_addresses(evidence.good(Interface))
    return tuple(
        connection
        for connection in evidence.good(Connection)
        if connection.vantage is Vantage.HERE
        and connection.port == port
        and connection.address not in own_addresses
        and not is_loopback(connection.address)
    )


def probes_from_the_server(evidence: Evidence) -> bool:
    """Return whether the probes of `Vantage.HERE` run on the server: no network was needed to reach
    it, or the probing machine is known to be the server."""
    return any(
        (host.vantage is Vantage.SERVER and host.via == "local")
        or (host.vantage is Vantage.HERE and host.role == "server")
        for host in evidence.good(Host)
    )


def is_served_elsewhere(evidence: Evidence, port: int) -> bool:
    """Return whether the port answers although nothing here listens on it, or only a container
    engine does.

    Then TLS ends at a load balancer, or the traffic bypasses these rules.
    """
    if not external_connections(evidence, port):
        return False
    listener_lists = evidence.good(Listeners)
    port_listeners = [listener for listeners in listener_lists for listener in listeners.on(port)]
    return bool(listener_lists) and all(
        (listener.process or "") in CONTAINER_PROCESSES for listener in port_listeners
    )


def failed_client(evidence: Evidence, ports: Collection[int], families: Collection[int]) -> str:
    """Return the client whose attempts at these ports failed, if all of them are of its IP family;
    "" if none."""
    for source, attempts in client_attempts(evidence).items():
        has_failed = any(connection.failure and connection.port in ports for connection in attempts)
        if has_failed and set(families) == {family_of(source)}:
            return source
    return ""


def clients_that_failed(evidence: Evidence) -> dict[str, tuple[Connection, ...]]:
    """Return the clients of which an attempt failed, with all their attempts."""
    return {
        source: connections
        for source, connections in client_attempts(evidence).items()
        if any(connection.failure for connection in connections)
    }


def client_by_connection(evidence: Evidence) -> dict[Connection, str]:
    """Return the client's address, as the server sees it, by its attempts."""
    return {
        connection: source
        for source, connections in client_attempts(evidence).items()
        for connection in connections
    }


def endpoint_texts(connections: Iterable[Connection]) -> tuple[str, ...]:
    return tuple(
        str(Subject(address=connection.address, port=connection.port)) for connection in connections
    )


def routed_addresses(nics: Iterable[Interface], family: int) -> tuple[tuple[str, str], ...]:
    """Return (address, interface) for the addresses of this IP family on the interfaces of its
    default route."""
    return tuple(
        (address, nic.name)
        for nic in nics
        for address in (nic.addresses if family in nic.default else ())
        if family_of(address) == family
    )
