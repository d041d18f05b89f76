"""The commands that bring what the program of a service lacks, and start the service: its packages,
what its build makes, a path that is its own, or another service."""

import posixpath
from typing import assert_never

from diagnose.model import Command, Effect, Evidence, commands
from diagnose.model.services import ProgramNeed, StartNeed
from diagnose.model.steps import Risk
from diagnose.model.user_commands import as_user


def need_of(evidence: Evidence, unit: str) -> StartNeed | None:
    """Return what the program of a service lacks; None if nobody knows what brings it."""
    return next((need for need in evidence.good(StartNeed) if need.unit == unit), None)


def need_steps(need: StartNeed) -> tuple[Command, ...]:
    """Return the commands, as the owner of the project's folder where one is known."""
    if need.service:
        first: tuple[Command, ...] = (commands.start_service(need.service),)
    elif need.blocked:
        first = (commands.chown_tree(f"{need.owner}:", need.blocked, outside=True),)
    else:
        first = install_steps(need)
    # After several failed starts systemd refuses further ones.
    again = (commands.reset_failed(need.unit), commands.restart_dead_service(need.unit))
    return (*first, *again)


def install_steps(
    need: StartNeed | ProgramNeed, action: tuple[str, ...] = ()
) -> tuple[Command, ...]:
    """Return what brings packages or a build, or a framework's own command with its words
    `action`."""
    lines = ((need.tool, *_in_folder(need.folder, action)),) if action else _words(need)
    return tuple(
        Command(_as_owner(need, words), Effect.CHANGE, risk=Risk.EDITS_FILES)
        for words in lines
        if words
    )


def _in_folder(folder: str, action: tuple[str, ...]) -> tuple[str, ...]:
    return (posixpath.join(folder, action[0]), *action[1:])


def need_facts(need: StartNeed | None) -> dict[str, object]:
    """Return the facts of a page about it."""
    return {
        "lacks": need.name if need and need.installer and not need.build else "",
        "package_list": _list(need) if need and need.installer and not need.build else "",
        "built": need.folder if need and need.build else "",
        "blocked": need.blocked if need else "",
        "blocked_user": need.owner if need and need.blocked else "",
        "other_service": need.service if need else "",
        "other_address": need.name if need and need.service else "",
    }


def _list(need: StartNeed) -> str:
    """Return the file that lists the packages of the project."""
    name = "Gemfile" if need.installer == "bundle" else "package.json"
    return need.file if need.installer == "pip" else posixpath.join(need.folder, name)


def _words(need: StartNeed | ProgramNeed) -> tuple[tuple[str, ...], ...]:
    """Return the command lines: the installation, and the build behind it."""
    if not need.build:
        return (_install(need),)
    installed = (_install(need),) if need.with_development else ()
    return (*installed, _build(need))


def _install(need: StartNeed | ProgramNeed) -> tuple[str, ...]:
    """Return what installs the packages as the lock names them (npm-ci(1), pnpm and yarn
    "install")."""
    tool, folder = need.tool, need.folder
    match need.installer:
        case "pip":
            return (tool, "install", "-r", need.file)
        case "npm":
            action = "ci" if need.file else "install"
            kind = "--include=dev" if need.with_development else "--omit=dev"
            return (tool, "--prefix", folder, action, kind)
        case "yarn":
            kind = "--production=false" if need.with_development else "--production"
            return (tool, "--cwd", folder, "install", "--frozen-lockfile", kind)
        case "pnpm":
            only = () if need.with_development else ("--prod",)
            return (tool, "--dir", folder, "install", "--frozen-lockfile", *only)
        case "bundle":
            return (tool, "install", f"--gemfile={folder}/Gemfile")
        case "composer":
            return (tool, "install", "--no-dev", "--no-interaction", f"--working-dir={folder}")
        case "rails":
            return (tool, "db:migrate", "RAILS_ENV=production")
        case "artisan" | "django" | None:
            return ()
        case _:
            assert_never(need.installer)


def _build(need: StartNeed | ProgramNeed) -> tuple[str, ...]:
    options = {"npm": "--prefix", "yarn": "--cwd", "pnpm": "--dir"}
    return (need.tool, options[need.installer or "npm"], need.folder, "run", "build")


def _as_owner(need: StartNeed | ProgramNeed, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command line that runs as the owner of the project: what scripts of packages do,
    they do not do as root. Node's own program is beside npm."""
    at = posixpath.dirname(need.tool)
    is_own = need.installer != "pip" and at not in {"/usr/bin", "/usr/local/bin"}
    variables = (f"PATH={at}:/usr/local/bin:/usr/bin:/bin",) if is_own else ()
    if need.owner in {"", "root"}:
        return ("env", *variables, *words) if variables else words
    home = need.home or need.folder or posixpath.dirname(need.file)
    return as_user(need.owner, ("env", f"HOME={home}", *variables, *words))
