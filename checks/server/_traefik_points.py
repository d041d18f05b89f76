"""An entry point of Traefik in its static file, and whose `X-Forwarded-*` it believes: without
`forwardedHeaders` nobody's, and it writes its own ("EntryPoints", "Forwarded Headers")."""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit
from diagnose.model import Command, Edit, Manual, Where
from diagnose.model.commands import restart_service
from diagnose.model.web_servers import ServerFile, WebServer

_TRUSTS = re.compile(r"(?i)\bforwardedHeaders\b")
_POINTS = re.compile(r"entryPoints\s*:\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"\s+address\s*:\s*[\"']?([^\s\"'#]{1,100})[\"']?\s*(?:#.*)?", re.IGNORECASE)
_MAX_ROWS = 2000


def believes_senders(view: ServerView) -> bool:
    """Return whether Traefik runs with a static configuration that says whose `X-Forwarded-*` it
    believes."""
    is_written = _TRUSTS.search(view.server.arguments) is not None
    return is_written or (trust_is_written(view) and not _is_newer(view))


def trust_is_written(view: ServerView) -> bool:
    """Return whether the static file says so."""
    file = _static_file(view)
    return file is not None and any(
        _TRUSTS.search(row) and not row.lstrip().startswith("#") for row in file.text.split("\n")
    )


def _is_newer(view: ServerView) -> bool:
    """Return whether the static file was changed after the start of Traefik."""
    file, loaded = _static_file(view), view.server.loaded
    return bool(file and file.changed and loaded and file.changed > loaded)


def restart_step(server: WebServer) -> Command | Manual:
    """Return the step by which Traefik reads its static configuration: it starts again."""
    if server.unit and not server.foreign and not server.container:
        return restart_service(server.unit)
    return Manual("restart-traefik", Where.SERVER)


def writes_field(view: ServerView, name: str) -> bool:
    """Return whether a file has a field of requests by this name: a middleware may set it."""
    files = view.config.files if view.config else ()
    return any(name.lower() in file.text.lower() for file in files)


def entry_point_place(view: ServerView, port: int) -> tuple[str, int]:
    """Return the file and the row of the address of the entry point on a port; ("", 0) unless one
    row of the static file, in YAML, has it."""
    file = _static_file(view)
    if file is None or file.path.endswith(".toml"):
        return "", 0
    numbers, is_inside = [], False
    for number, row in enumerate(file.text.split("\n")[:_MAX_ROWS], 1):
        if row.strip() and not row.startswith((" ", "#")):
            is_inside = _POINTS.fullmatch(row) is not None
        match = _ADDRESS.fullmatch(row[:500]) if is_inside else None
        if match and match[1].partition("/")[0].rpartition(":")[2] == str(port):
            numbers.append(number)
    return (file.path, numbers[0]) if len(numbers) == 1 else ("", 0)


def trusting_edit(view: ServerView, port: int, senders: Sequence[str]) -> Edit | None:
    """Return the edit by which the entry point on a port believes these addresses or networks; None
    if it is written in another way. Traefik reads it at its start only."""
    path, number = entry_point_place(view, port)
    file = _static_file(view)
    if not number or file is None or not senders:
        return None
    row = file.text.split("\n")[number - 1]
    indent = row[: len(row) - len(row.lstrip())]
    added = [f"{indent}forwardedHeaders:", f"{indent}  trustedIPs:"]
    ranges = (
        sender if "/" in sender else f"{sender}/{128 if ':' in sender else 32}"
        for sender in senders
    )
    added += [f'{indent}    - "{each}"' for each in ranges]
    return line_edit(view, path, {number: (row, *added)})


def _static_file(view: ServerView) -> ServerFile | None:
    config = view.config
    return config.file(config.path) if config and config.path else None
