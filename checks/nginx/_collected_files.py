"""The command that collects the static files of a project of Django, and the line of nginx that
leads to them (docs.djangoproject.com/en/stable/howto/static-files/deployment)."""

import posixpath

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Command, Effect, Fix
from diagnose.model.site_folders import StaticProject
from diagnose.model.steps import Risk
from diagnose.model.user_commands import as_user
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.file_paths import ServedFile


def as_owner(owner: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command as it is run by the owner of a project; as root where none is known."""
    return as_user("" if owner == "UNKNOWN" else owner, words)


def collecting_words(owner: str, python: str, manage: str) -> tuple[str, ...]:
    """Return the command line of a project's manage.py, as its owner."""
    return as_owner(owner, (python or "python3", manage, "collectstatic", "--noinput"))


def collecting_fix(nginx: Nginx, served: ServedFile, project: StaticProject) -> Fix | None:
    """Return what collects the files where nginx looks for them, or where STATIC_ROOT names, with
    the `alias` that leads there; None where that folder is not known, or the line is another."""
    if not project.root:
        return None
    collect = Command(
        collecting_words(project.owner, project.python, project.path),
        Effect.CHANGE,
        risk=Risk.EDITS_FILES,
    )
    if project.root.rstrip("/") == project.folder.rstrip("/"):
        return Fix((collect,), Applicability.REVIEW)
    directive, own = served.directive, posixpath.dirname(project.path)
    is_alias = directive.name == "alias" and directive.args[0].rstrip("/") == (
        project.folder.rstrip("/")
    )
    # A folder outside of the project may have more than the project's own files.
    if not is_alias or not project.folder.startswith(f"{own}/"):
        return None
    change = replace_directive(directive, f"alias {project.root.rstrip('/')}/;")
    edit = config_edit(nginx, directive.file, change) if change else None
    return Fix((collect, edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
