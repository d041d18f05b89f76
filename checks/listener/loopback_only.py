"""The socket is bound to a loopback address, so it accepts connections from the machine itself
only. For all others the port is closed (ip(7))."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.firewall._other_ways import has_other_way
from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._inner_ports import passed_port, unserved_port
from checks.listener._listen_lines import ListenGroup, listen_groups, wildcard_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import is_local_host, is_loopback
from diagnose.model.containers import Containers
from diagnose.model.server import Listeners, UnservedAddress

if TYPE_CHECKING:
    from checks.listener._loopback_lines import LoopbackLines

#: sshd's processes; from OpenSSH 9.8 on a session has a program of its own.
_SSH = frozenset({"sshd", "sshd-session"})


@check(
    severity=Severity.ERROR,
    needs=[Listeners],
    explains=["tcp.refused", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def loopback_only(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    listeners = listeners_on(evidence, port)
    if (
        not _all_loopback(evidence, port)
        or is_local_host(evidence.target.host)
        or target_answers(evidence)
        or passed_port(evidence)  # listener.application-port
    ):
        return
    connections = target_connections(evidence)
    groups = listen_groups(evidence, port)
    also_80 = port != 80 and _all_loopback(evidence, 80)
    process = next((listener.process for listener in listeners if listener.process), "")
    ports = (port, 80) if also_80 else (port,)
    lines = _lines_of_server(evidence, ports) if not groups else None
    idle = unserved_port(evidence)
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in ports),
        because=(*evidence.good(Listeners), *connections),
        facts={
            "port": port,
            "sockets": tuple(
                str(Subject(address=listener.address, port=port)) for listener in listeners
            ),
            "process": process,
            "file": groups[0].file.path if groups else "",
            "line": groups[0].directives[0].line if groups else "",
            "place": lines.place if lines else "",
            "setting": lines.setting if lines else "",
            "idle": idle.url if idle else "",
            "idle_server": idle.server if idle else "",
        },
        # Whether the site is the only program that listens, nobody said.
        confidence=Confidence.CERTAIN
        if connections and not idle and not _is_guessed(evidence)
        else Confidence.LIKELY,
        ruled_out=("listener.missing",),
        location=_location(groups),
        fix=lines.fix if lines else _fix(evidence, groups, process),
    )


def _lines_of_server(evidence: Evidence, ports: tuple[int, ...]) -> "LoopbackLines | None":
    # Imported late: few servers listen on the loopback address alone.
    from checks.listener._loopback_lines import loopback_lines

    return loopback_lines(evidence, ports)


def _is_guessed(evidence: Evidence) -> bool:
    """Return whether a bare name was asked, and no configuration has it at this port."""
    return any(not unserved.is_named for unserved in evidence.of(UnservedAddress))


def _all_loopback(evidence: Evidence, port: int) -> bool:
    listeners = listeners_on(evidence, port)
    return bool(listeners) and all(is_loopback(listener.address) for listener in listeners)


def _fix(evidence: Evidence, listen_groups: tuple[ListenGroup, ...], process: str) -> Fix:
    if not listen_groups:
        if process == "docker-proxy":
            return _publish_fix(evidence)
        # A port of ssh -R: sshd_config(5), GatewayPorts.
        is_forwarded = process in _SSH and evidence.target.port != 22
        step = "forward" if is_forwarded else "bind"
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    from checks.nginx import Nginx
    from checks.nginx._commands import config_test_command, restart_commands

    nginx = Nginx.of(evidence)
    edits = [wildcard_edit(group) for group in listen_groups]
    sure = bool(target_connections(evidence)) and not has_other_way(evidence)
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    # A reload is not enough: the old socket is still open when nginx opens the new one, and Linux
    # does not allow two sockets on one port of one address.
    return Fix((*edits, config_test_command(nginx), *restart_commands(nginx)), applicability)


def _publish_fix(evidence: Evidence) -> Fix:
    """Publish the container's port at all addresses, and port 80 where that is as closed. It may
    have been closed on purpose: that is never automatic."""
    from checks.listener._compose_edits import compose_fix, published_change

    ports = [port for port in (evidence.target.port, 80) if _all_loopback(evidence, port)]
    changes = {
        mapping.port: (container, published_change(mapping, "", mapping.inner))
        for containers in evidence.good(Containers)
        for container in containers.running
        for mapping in container.ports
        if mapping.port in ports and is_loopback(mapping.address)
    }
    if evidence.target.port not in changes:
        return compose_fix(evidence, "publish")
    return compose_fix(evidence, "publish", *changes.values())


def _location(listen_groups: tuple[ListenGroup, ...]) -> Location | None:
    from diagnose.parsers.nginx.config import directive_location

    return (
        directive_location(listen_groups[0].file, listen_groups[0].directives[0])
        if listen_groups
        else None
    )
