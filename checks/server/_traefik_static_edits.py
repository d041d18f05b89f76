"""A further entry point of Traefik: in its static file, or in the compose file of its container,
where arguments or variables hold the static configuration ("EntryPoints")."""

import re

from checks.listener._compose_edits import (
    ComposeEdit,
    compose_steps,
    container_by_id,
    variable_change,
)
from checks.server import ServerView, line_edit, manual_fix
from checks.server._traefik_points import restart_step
from diagnose.model import Applicability, Edit, Fix, commands
from diagnose.model.containers import NginxContainer
from diagnose.model.traefik import TraefikState

_HEAD = re.compile(r"entryPoints\s*:\s*(?:#.*)?", re.IGNORECASE)
_CHILD = re.compile(r"( +)[\w.\"'-]{1,100}\s*:\s*(?:#.*)?")
_MAX_ROWS = 2000


def entry_point_fix(
    view: ServerView, state: TraefikState, own: NginxContainer | None, name: str, address: str
) -> Fix:
    """Return the remedy that gives Traefik an entry point and starts it again; the words for a
    person where it is written in another way, or `name` is "": it has another port already."""
    fix = None
    if name and state.path:
        fix = _in_file(view, state.path, own, name, address)
    elif name and own is not None:
        fix = _in_compose(view, own, name, address)
    return fix or manual_fix(view, "write-entry-point")


def _in_file(
    view: ServerView, path: str, own: NginxContainer | None, name: str, address: str
) -> Fix | None:
    edit = _file_edit(view, path, name, address)
    if edit is None:
        return None
    if own is None:
        return Fix((edit, restart_step(view.server)), Applicability.REVIEW)
    if not own.engine or not own.name:
        return None
    again = commands.restart_container(own.engine, own.name)
    return Fix((edit, again), Applicability.REVIEW)


def _file_edit(view: ServerView, path: str, name: str, address: str) -> Edit | None:
    """Return the edit of the static file: in TOML a table at its end, in YAML a key beside the
    others."""
    file = view.config.file(path) if view.config else None
    rows = file.text.split("\n") if file else []
    if not rows or len(rows) > _MAX_ROWS:
        return None
    if path.endswith(".toml"):
        last = max((n for n, row in enumerate(rows, 1) if row.strip()), default=1)
        table = ("", f"[entryPoints.{name}]", f'  address = "{address}"')
        return line_edit(view, path, {last: (rows[last - 1], *table)})
    heads = [number for number, row in enumerate(rows, 1) if _HEAD.fullmatch(row.rstrip())]
    if len(heads) != 1:
        return None
    child = next((row for row in rows[heads[0] :] if row.strip() and row.lstrip()[0] != "#"), "")
    match = _CHILD.fullmatch(child.rstrip())
    if match is None:
        return None
    step = match[1]
    lines = (f"{step}{name}:", f'{step}{step}address: "{address}"')
    return line_edit(view, path, {heads[0]: (rows[heads[0] - 1], *lines)})


def _in_compose(view: ServerView, own: NginxContainer, name: str, address: str) -> Fix | None:
    """Return the argument, or the variable, in the compose file of Traefik's container, and what
    makes that anew."""
    container = container_by_id(view.evidence, own.digest)
    if container is None:
        return None
    if "--" in view.server.arguments:
        option = f"--entrypoints.{name}.address={address}"
        steps = compose_steps(view.evidence, (container, _argument(option)))
    else:
        variable = f"TRAEFIK_ENTRYPOINTS_{name.upper()}_ADDRESS"
        is_one_word = re.fullmatch(r"[A-Za-z0-9]+", name) is not None
        change = variable_change(variable, address)
        steps = compose_steps(view.evidence, (container, change)) if is_one_word else ()
    return Fix(steps, Applicability.REVIEW) if steps else None


def _argument(option: str) -> ComposeEdit:
    def change(text: str, service: str) -> str:
        # Imported late: few sites have a compose file.
        from diagnose.parsers.compose_edits import with_argument

        return with_argument(text, service, option)

    return change
