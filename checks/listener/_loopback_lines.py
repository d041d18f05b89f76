"""The lines by which HAProxy, Caddy, Apache or another program listens on a loopback address
alone."""

import re
from collections.abc import Callable
from dataclasses import replace

from checks.server import (
    file_rows,
    line_edit,
    place_text,
    reload_steps,
    server_view,
    test_steps,
)
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Evidence,
    Fix,
    commands,
    server_commands,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.applications import ReadSetting
from diagnose.model.frozen import frozen
from diagnose.model.steps import Effect, Risk
from diagnose.model.web_servers import WebServer

#: HAProxy: a socket with an address and a port (Configuration Manual, "bind").
_BIND = re.compile(r"(\s*bind\s+)(\[[0-9A-Fa-f:]{2,45}\]|[\w.-]{1,253}):(\d{1,5})(?=\s|$)(.*)")
#: Apache: the same (mpm_common, "Listen"; core, "<VirtualHost>").
_LISTEN = re.compile(
    r"(?i)(\s*(?:Listen|<VirtualHost)\s+)(\[[0-9a-f:]{2,45}\]|[\w.-]{1,253}):(\d{1,5})(?=[\s>]|$)(.*)"
)


@frozen
class LoopbackLines:
    """The place of the first line, and the fix that lets the server listen on all addresses.
    `setting` is the program's own one ("" for a web server's line)."""

    place: str
    fix: Fix
    setting: str = ""


def loopback_lines(evidence: Evidence, ports: tuple[int, ...]) -> LoopbackLines | None:
    """Return the lines for the ports: of HAProxy and Apache all in one file, of Caddy the one
    `bind`, of another program its setting. Whether the site is meant for this machine alone, its
    owner knows. None if they are not known."""
    return _of_server(evidence, ports) or _of_program(evidence)


def _of_program(evidence: Evidence) -> LoopbackLines | None:
    reads = (read for read in evidence.good(ReadSetting) if read.topic == "listen-address")
    read = next(reads, None)
    if read is None:
        return None
    # Imported late: of few programs the setting is known.
    from checks.upstream._setting_fixes import setting_fix

    fix = setting_fix((read,), "bind")
    opened = tuple(
        replace(step, risk=Risk.OPENS_TO_ALL) if isinstance(step, Edit) else step
        for step in fix.steps
    )
    return LoopbackLines(read.place, Fix(opened, fix.applicability), read.key)


def _of_server(evidence: Evidence, ports: tuple[int, ...]) -> LoopbackLines | None:
    view = server_view(evidence)
    if view is None or view.config is None or view.server.product not in {*_LINES, "caddy"}:
        return None
    is_caddy = view.server.product == "caddy"
    line_of = _LINES.get(view.server.product, _haproxy_line)
    lines_of_port: list[tuple[str, int, tuple[str, ...], int]] = []
    for file in view.config.files:
        for number, row in enumerate(file_rows(view, file), 1):
            new = _caddy_line(row) if is_caddy else line_of(row, ports)
            if new is not None:
                lines_of_port.append((file.path, number, *new))
    first = next(iter(lines_of_port), None)
    if (
        first is None
        or {path for path, *_ in lines_of_port} != {first[0]}
        or (is_caddy and len(lines_of_port) > 1)
    ):
        return None
    if not is_caddy and ports[0] not in {port for *_, port in lines_of_port}:
        return None
    changes = {number: texts for _, number, texts, _ in lines_of_port}
    edit = line_edit(view, first[0], changes)
    is_reloaded = view.server.product == "haproxy"
    steps = reload_steps(view.server) if is_reloaded else restart_steps(view.server)
    if edit is None or not steps:
        return None
    opened = replace(edit, risk=Risk.OPENS_TO_ALL)
    fix = Fix((opened, *steps), Applicability.REVIEW)
    return LoopbackLines(place_text(first[0], first[1]), fix)


def restart_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the steps that restart the server. A reload is refused: the old socket of HTTP/3 is
    still open, and Linux does not allow two on one port of one address. Measured with Caddy
    2.6.2."""
    if server.unit:
        return (*test_steps(server), commands.restart_service(server.unit))
    if not server.stop or not server.start:
        return ()
    stop = Command(server.stop, Effect.CHANGE, risk=Risk.STOPS)
    return (*test_steps(server), stop, server_commands.start_server(server.start, ()))


def _haproxy_line(row: str, ports: tuple[int, ...]) -> tuple[tuple[str, ...], int] | None:
    match = _BIND.fullmatch(row[:1000])
    if match is None or int(match[3]) not in ports or not is_local_host(match[2].strip("[]")):
        return None
    return (f"{match[1]}:{match[3]}{match[4]}",), int(match[3])


def _apache_line(row: str, ports: tuple[int, ...]) -> tuple[tuple[str, ...], int] | None:
    """Return a line of Apache for all addresses (mpm_common, "Listen"; core, "<VirtualHost>")."""
    match = _LISTEN.fullmatch(row[:1000])
    if match is None or int(match[3]) not in ports or not is_local_host(match[2].strip("[]")):
        return None
    wildcard = "*:" if "<" in match[1] else ""
    return (f"{match[1]}{wildcard}{match[3]}{match[4]}",), int(match[3])


#: The products whose lines name an address and a port.
_LINES: dict[str, Callable[[str, tuple[int, ...]], tuple[tuple[str, ...], int] | None]] = {
    "haproxy": _haproxy_line,
    "apache": _apache_line,
}


def _caddy_line(row: str) -> tuple[tuple[str, ...], int] | None:
    words = row[:1000].split()
    if len(words) < 2 or words[0] not in {"bind", "default_bind"}:
        return None
    addresses = (word.rpartition("/")[2].strip("[]") for word in words[1:])
    return ((), 0) if all(map(is_local_host, addresses)) else None
