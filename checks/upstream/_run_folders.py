"""The folder below /run in which a service's program has to make its Unix socket, and that is not
there. /run is emptied at each boot (file-hierarchy(7)), and a program that does not run as root may
make no folder there: its unit has to (systemd.exec(5), "RuntimeDirectory=")."""

import posixpath
import re

from diagnose.model import Command, Evidence, commands
from diagnose.model.program_logs import FailedUnit
from diagnose.model.unit_commands import drop_in_steps
from diagnose.model.upstream import UpstreamSocket

_FOLDER = re.compile(r"/(?:var/)?run/(?P<name>[A-Za-z0-9][\w@-]{0,60}(?:\.[\w@-]{1,20}){0,3})")
_UNIT = re.compile(r"[\w@:.\\-]{1,200}")


def missing_run_folder(evidence: Evidence, unit: FailedUnit) -> UpstreamSocket | None:
    """Return the socket of the service that failed, if its folder below /run is missing, and an
    administrator wrote the unit."""
    folder = posixpath.dirname(unit.endpoint)
    is_own = unit.manager == "systemd" and unit.is_local and unit.names_endpoint
    if not is_own or not unit.has_failed or not _FOLDER.fullmatch(folder):
        return None
    if not _UNIT.fullmatch(unit.unit):
        return None
    for socket in evidence.of(UpstreamSocket):
        seen = {each.path for each in socket.above}
        is_missing = socket.failure is not None and socket.failure.kind == "missing"
        if socket.path == unit.endpoint and is_missing and posixpath.dirname(folder) in seen:
            return None if folder in seen else socket
    return None


def run_folder_steps(unit: FailedUnit) -> tuple[Command, ...]:
    """Return the commands that let systemd make the folder at each start of the service."""
    match = _FOLDER.fullmatch(posixpath.dirname(unit.endpoint))
    assert match, "only such a folder is found missing"
    lines = (f"RuntimeDirectory={match['name']}",)
    return (
        *drop_in_steps(unit.unit, lines, "run-folder"),
        commands.restart_service(unit.unit),
    )
