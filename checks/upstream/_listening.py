"""The programs of this server that may be the application which nginx does not find."""

from collections.abc import Iterator

from checks.listener._inner_ports import INNER_PORTS, INNER_PROGRAMS
from checks.listener._other_addresses import NO_SITE_PROGRAMS
from diagnose.model import Evidence
from diagnose.model.server import (
    WEB_SERVER_PROCESSES,
    Listener,
    Listeners,
    listening_programs,
)

_MAX_SHOWN = 6


def only_port(evidence: Evidence) -> str:
    """Return the port of the only program of this server that may be an application; "" if there
    are several or none, or if the program of a port is not known."""
    sockets = [socket for listeners in evidence.good(Listeners) for socket in listeners.sockets]
    if not all(socket.process for socket in sockets):
        return ""
    ports = {socket.port for socket in _other_listeners(evidence) if _may_be_application(socket)}
    return str(ports.pop()) if len(ports) == 1 else ""


def listening_facts(evidence: Evidence) -> dict[str, object]:
    """Return the facts `listening` and `only_port`."""
    programs = listening_programs(evidence, without={"nginx"})[:_MAX_SHOWN]
    return {"listening": programs, "only_port": only_port(evidence)}


def _other_listeners(evidence: Evidence) -> Iterator[Listener]:
    for listeners in evidence.good(Listeners):
        for socket in listeners.sockets:
            if (socket.process or "") not in NO_SITE_PROGRAMS | {"nginx"}:
                yield socket


def _may_be_application(socket: Listener) -> bool:
    process = socket.process or ""
    is_inner = process in INNER_PROGRAMS | WEB_SERVER_PROCESSES or process.startswith("php-fpm")
    return not is_inner and socket.port not in INNER_PORTS
