"""The programs of this server that may be the application which nginx does not find."""

from collections.abc import Iterator
from dataclasses import replace

from checks.listener._inner_ports import INNER_PORTS, INNER_PROGRAMS
from checks.listener._other_addresses import NO_SITE_PROGRAMS
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.upstream._edits import replace_in_directives
from diagnose.model import Applicability, Evidence, Fix, Manual, Risk, Where
from diagnose.model.server import (
    WEB_SERVER_PROCESSES,
    Listener,
    Listeners,
    listening_programs,
)
from diagnose.parsers.nginx.upstreams import ProxyTarget

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


def only_program_fix(nginx: Nginx, proxy_target: ProxyTarget, step: str) -> Fix:
    """Return the edit that passes requests on to the only program that may be the application; a
    manual step where several may be, or where the line has no plain address."""
    port, directive = only_port(nginx.evidence), proxy_target.directive
    address = f"{proxy_target.scheme}://{proxy_target.authority}"
    is_plain = proxy_target.group is None and not proxy_target.has_variables
    changes: Changes = {}
    if port and is_plain and _is_on_loopback(nginx.evidence, int(port)):
        new = f"http://127.0.0.1:{port}"
        replace_in_directives(nginx, [directive], address, new, changes)
    edits = config_edits(nginx, changes)
    if not edits:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    # It may be a program that is for administrators of this server.
    opening = (replace(edit, risk=Risk.OPENS_TO_ALL) for edit in edits)
    return Fix((*opening, *reload_steps(nginx)), Applicability.REVIEW)


def _is_on_loopback(evidence: Evidence, port: int) -> bool:
    """Return whether a connection to 127.0.0.1 comes to the program of a port."""
    sockets = (socket for listeners in evidence.good(Listeners) for socket in listeners.on(port))
    return any(socket.address in {"127.0.0.1", "0.0.0.0", "::"} for socket in sockets)


def _other_listeners(evidence: Evidence) -> Iterator[Listener]:
    for listeners in evidence.good(Listeners):
        for socket in listeners.sockets:
            if (socket.process or "") not in NO_SITE_PROGRAMS | {"nginx"}:
                yield socket


def _may_be_application(socket: Listener) -> bool:
    process = socket.process or ""
    is_inner = process in INNER_PROGRAMS | WEB_SERVER_PROCESSES or process.startswith("php-fpm")
    return not is_inner and socket.port not in INNER_PORTS
