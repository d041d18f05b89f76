"""The port is open over IPv4 or IPv6 only, and the name publishes an address of the other family. A
"::" socket with IPV6_V6ONLY (ipv6(7)), nginx's default since 1.3.4, accepts no IPv4, and a 0.0.0.0
socket accepts no IPv6."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.listener import listeners_on
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Vantage,
    Where,
    merge_subjects,
)
from diagnose.model.addresses import family_of, is_loopback, is_private
from diagnose.model.dns import resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection

if TYPE_CHECKING:
    from checks.listener._family_lines import FamilyLines


@frozen
class _ClosedFamily:
    """Published addresses of an IP family in which nothing listens, with the failed attempts."""

    family: int
    addresses: tuple[str, ...]
    connections: tuple[Connection, ...]
    is_local: bool


@check(
    severity=Severity.ERROR,
    needs=[Listeners],
    explains=["tcp.refused", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def wrong_family(evidence: Evidence) -> Iterator[Claim]:
    closed_family = next(
        filter(None, (_closed_family(evidence, family) for family in (4, 6))), None
    )
    if closed_family is None:
        return
    port = evidence.target.port
    # The two ports of a site as well, if they are open over the other family only.
    ports = [
        number
        for number in dict.fromkeys((port, 80, 443))
        if _open_families(evidence, number) == {_other_family(closed_family)}
    ]
    covers = tuple(
        Subject(address=address, port=number)
        for address in closed_family.addresses
        for number in ports
    )
    directive = next(iter(_listen_directives(evidence, port, _other_family(closed_family))), None)
    open_addresses = tuple(
        address
        for address in resolved_addresses(evidence)
        if address not in closed_family.addresses
    )
    lines = _lines_of_server(evidence, closed_family, ports) if directive is None else None
    yield Claim(
        about=merge_subjects(covers),
        covers=covers,
        because=(*evidence.good(Listeners), *closed_family.connections),
        confidence=Confidence.CERTAIN
        if closed_family.connections and closed_family.is_local
        else Confidence.LIKELY,
        severity=Severity.WARNING if open_addresses else None,
        facts={
            "port": port,
            "ports": tuple(ports),
            "family": f"IPv{closed_family.family}",
            "other": f"IPv{_other_family(closed_family)}",
            "addresses": closed_family.addresses,
            "sockets": _socket_texts(evidence, port),
            "process": next(
                (listener.process for listener in listeners_on(evidence, port) if listener.process),
                "",
            ),
            "name": evidence.target.host,
            "file": directive.file if directive else "",
            "line": directive.line if directive else "",
            "place": lines.place if lines else "",
            "works": open_addresses,
            "wanted": f"[::]:{port}" if closed_family.family == 6 else f"0.0.0.0:{port}",
            "dig": "AAAA" if closed_family.family == 6 else "A",
        },
        ruled_out=("listener.missing", "listener.loopback-only"),
        fix=lines.fix if lines else _fix(evidence, closed_family, ports),
    )


def _lines_of_server(
    evidence: Evidence, closed_family: _ClosedFamily, ports: list[int]
) -> "FamilyLines | None":
    # Imported late: few servers listen in one family alone.
    from checks.listener._family_lines import family_lines

    return family_lines(evidence, closed_family.family, closed_family.addresses, tuple(ports))


def _other_family(closed_family: _ClosedFamily) -> int:
    return 4 if closed_family.family == 6 else 6


def _open_families(evidence: Evidence, port: int) -> set[int]:
    """Return the IP families over which others can reach the port."""
    outer_listeners = [
        listener for listener in listeners_on(evidence, port) if not is_loopback(listener.address)
    ]
    return {listener.family for listener in outer_listeners} | {
        4 for listener in outer_listeners if listener.dual
    }


def _closed_family(evidence: Evidence, family: int) -> _ClosedFamily | None:
    port = evidence.target.port
    open_families = _open_families(evidence, port)
    addresses = [
        address for address in resolved_addresses(evidence) if family_of(address) == family
    ]
    addresses = [address for address in addresses if not is_loopback(address)]
    if not open_families or family in open_families or not addresses:
        return None
    connections = [
        connection
        for connection in evidence.of(Connection)
        if connection.port == port and connection.address in addresses
    ]
    if any(
        not connection.failure or connection.failure.kind != "refused" for connection in connections
    ):
        return None
    interfaces = [
        interface for interface in evidence.good(Interface) if interface.vantage is Vantage.SERVER
    ]
    interface_addresses = [
        a for interface in interfaces for a in interface.addresses if family_of(a) == family
    ]
    own_addresses = [address for address in addresses if address in interface_addresses]
    # A cloud may translate a public IPv4 address to a private one of this server. Any other address
    # that this server does not hold belongs to another machine, whose listeners are unknown.
    hidden = family == 4 and bool(connections) and all(map(is_private, interface_addresses))
    if not own_addresses and not hidden:
        return None
    return _ClosedFamily(
        family, tuple(own_addresses or addresses), tuple(connections), bool(own_addresses)
    )


def _socket_texts(evidence: Evidence, port: int) -> tuple[str, ...]:
    return tuple(
        str(Subject(address=listener.address, port=port))
        for listener in listeners_on(evidence, port)
    )


# Fix


def _fix(evidence: Evidence, closed_family: _ClosedFamily, ports: list[int]) -> Fix:
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edit
    from diagnose.parsers.nginx.edits import TextEdit, insert_after

    nginx = Nginx.of(evidence)
    changes: dict[str, list[TextEdit]] = {}
    for port in ports:
        if _listen_directives(evidence, port, closed_family.family):
            continue
        for listen in _listen_directives(evidence, port, _other_family(closed_family)):
            file = nginx.file(listen)
            if file and listen.end == ";":
                twin = insert_after(
                    file.text, listen, [_twin_listen(listen, port, closed_family.family)]
                )
                changes.setdefault(file.path, []).append(twin)
    edits: list[Step] = [
        edit
        for path, file_changes in changes.items()
        if (edit := config_edit(nginx, path, *file_changes)) is not None
    ]
    if not edits:
        return Fix((Manual("listen", Where.SERVER),), Applicability.MANUAL)
    sure = (
        bool(closed_family.connections)
        and closed_family.is_local
        and all(isinstance(step, Edit) for step in edits)
    )
    return Fix(
        (*edits, *reload_steps(nginx)), Applicability.AUTOMATIC if sure else Applicability.REVIEW
    )


def _listen_directives(evidence: Evidence, port: int, family: int) -> tuple[Directive, ...]:
    """Return the `listen` directives of the port for all addresses of an IP family, in every block.

    A block without the new line would be answered by another block.
    """
    from diagnose.parsers.nginx.server_blocks import servers

    everywhere = "::" if family == 6 else "*"
    directives = (
        listen.directive
        for config in evidence.good(NginxConfig)
        for server in servers(config.main)
        for listen in server.listens
        if listen.port == port and listen.address == everywhere and listen.directive
    )
    return tuple(dict.fromkeys(directives))


def _twin_listen(listen: Directive, port: int, family: int) -> str:
    """Return the same `listen` for the other IP family."""
    address = f"[::]:{port}" if family == 6 else str(port)
    options = [option for option in listen.args[1:] if not option.startswith("ipv6only=")]
    return f"listen {' '.join([address, *options])};"
