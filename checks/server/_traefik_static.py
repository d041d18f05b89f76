"""Routers, services and middlewares in Traefik's static file. Traefik reads them from the files of
its file provider alone ("Configuration Introduction", "The Dynamic Configuration")."""

import re
from collections.abc import Mapping, Sequence

from checks.server import ServerView, line_edit
from checks.server._traefik_edits import is_watched
from checks.server._traefik_points import restart_step
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.web_servers import ServerFile

_HTTP = re.compile(r"http\s*:\s*")
_KEY = re.compile(r"(\s*)[\"']?([\w.@-]{1,100})[\"']?\s*:(.*)")
_FOLDER = re.compile(
    r"(?i)(?<![\w.-])directory([\"']?\s*[:=]\s*[\"']?)(/[^\s\"',{}]{1,300}\.(?:ya?ml|toml))(?![\w./-])"
)
_MAX_ROWS = 2000

#: The rows below each key of `http:`, without the key's own.
Sections = Mapping[str, Sequence[str]]


def static_sections(view: ServerView) -> Sections:
    """Return what stands below `http:` in the static file in YAML; {} if a provider reads it."""
    config = view.config
    own = [file for file in config.files if file.path == config.path] if config else []
    return _sections(own[0])[1] if len(own) == 1 else {}


def is_defined(sections: Sections, kind: str, name: str) -> bool:
    """Return whether a section has a member of this name."""
    return name in _members(sections.get(kind, ()))


def file_for_folder(view: ServerView) -> str:
    """Return the file that the file provider is to read as a folder, by its static file or the
    command line; "" if it names none."""
    rows = (match[2] for row in _static_rows(view) if (match := _FOLDER.search(row)))
    folder_option = _FOLDER.search(view.server.arguments)
    return next(rows, folder_option[2] if folder_option else "")


def filename_fix(view: ServerView) -> Fix | None:
    """Return the fix by which the provider reads the file; None if its option is not written in one
    row of the static file."""
    rows = _static_rows(view)
    folder_rows = [number for number, row in enumerate(rows, 1) if _FOLDER.search(row)]
    if len(folder_rows) != 1 or view.config is None:
        return None
    row = _FOLDER.sub(r"filename\1\2", rows[folder_rows[0] - 1])
    edit = line_edit(view, view.config.path, {folder_rows[0]: (row,)})
    return Fix((edit, restart_step(view.server)), Applicability.REVIEW) if edit else None


def _static_rows(view: ServerView) -> list[str]:
    config = view.config
    own = [file for file in config.files if file.path == config.path] if config else []
    rows = own[0].text.split("\n")[:_MAX_ROWS] if len(own) == 1 else []
    return [row[:1000] if not row.lstrip().startswith("#") else "" for row in rows]


def moved_edit(view: ServerView) -> Edit | None:
    """Return the edit that writes the sections into the one file of the file provider with
    `http:`, which Traefik reads again by itself. None if there is not one, if it has a member of
    the same name, or if one leads to Traefik itself: nobody has its dashboard today."""
    config, sections = view.config, static_sections(view)
    others = [file for file in config.files if file.path != config.path] if config else []
    files = [(file, *_sections(file)) for file in others if _http_row(file)]
    is_inner = any("@internal" in row for rows in sections.values() for row in rows)
    if len(files) != 1 or not sections or is_inner or not is_watched(view):
        return None
    file, step, own = files[0]
    rows, root = file.text.split("\n"), _http_row(file)
    changes: dict[int, tuple[str, ...]] = {root: (rows[root - 1],)}
    for kind, members in sections.items():
        if kind not in own:
            changes[root] += (f"{step}{kind}:", *members)
            continue
        heads = [n for n, row in enumerate(rows, 1) if row.rstrip() == f"{step}{kind}:"]
        if len(heads) != 1 or _members(members) & _members(own[kind]):
            return None
        changes[heads[0]] = (rows[heads[0] - 1], *members)
    is_alike = _depths(sections) <= _depths(own) and len(step) in (2, 4)
    return line_edit(view, file.path, changes) if is_alike else None


def _http_row(file: ServerFile) -> int:
    """Return the number of the row `http:`; 0 unless there is one."""
    rows = file.text.split("\n")[:_MAX_ROWS]
    http_rows = [number for number, row in enumerate(rows, 1) if _HTTP.fullmatch(row)]
    return http_rows[0] if len(http_rows) == 1 and not file.path.endswith(".toml") else 0


def _sections(file: ServerFile) -> tuple[str, Sections]:
    """Return the spaces before the keys below `http:`, and the rows of each."""
    step, kind, sections = "", "", dict[str, list[str]]()
    for row in file.text.split("\n")[_http_row(file) : _MAX_ROWS] if _http_row(file) else ():
        match = _KEY.fullmatch(row[:1000])
        if row.strip() and not row.startswith((" ", "#")):
            break
        if match and (not step or match[1] == step):
            step, kind = match[1], match[2]
            sections[kind] = []
        elif kind and row.strip():
            sections[kind].append(row.rstrip())
    return step, sections


def _members(rows: Sequence[str]) -> set[str]:
    matches = [match for row in rows if (match := _KEY.fullmatch(row[:1000]))]
    return {match[2] for match in matches if match[1] == matches[0][1]}


def _depths(sections: Sections) -> set[int]:
    """Return how deep the first member of each section stands."""
    first = [rows[0] for rows in sections.values() if rows]
    return {len(row) - len(row.lstrip()) for row in first}
