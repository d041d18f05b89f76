"""Commands that start a program which nothing starts with the server: a unit of a user's own
systemd, the list of pm2, or a project of Node.js, for which a unit is written."""

import posixpath
import re

from diagnose.model import commands, unit_commands
from diagnose.model.steps import Command, Effect, Risk
from diagnose.model.user_commands import as_user

#: What stands in a unit as it is (systemd.syntax(7), systemd.unit(5)), and a unit's name.
_PLAIN = re.compile(r"/[A-Za-z0-9_./@+,~-]{1,300}")
_UNIT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")


def start_user_unit(user: str, number: int, unit: str, *, lingers: bool) -> tuple[Command, ...]:
    """Let the units of a user run without a session (loginctl(1)), and start one of them, now and
    whenever the user's systemd starts. `number` is the user's."""
    # The folder of its bus is there once the user's systemd runs (user@.service(5)).
    own = ("env", f"XDG_RUNTIME_DIR=/run/user/{number}", "systemctl", "--user")
    start = as_user(user, own)
    linger = Command(
        ("loginctl", "enable-linger", user),
        Effect.START,
        undo=("loginctl", "disable-linger", user),
        risk=Risk.CHANGES_SYSTEM,
    )
    return (
        *(() if lingers else (linger,)),
        Command(("systemctl", "start", f"user@{number}.service"), Effect.START),
        Command(
            (*start, "enable", "--now", unit),
            Effect.START,
            undo=(*start, "disable", "--now", unit),
            risk=Risk.CHANGES_SYSTEM,
        ),
    )


def pm2(user: str, home: str, tool: str, *words: str, effect: Effect = Effect.START) -> Command:
    """Run pm2 as the user whose programs it keeps, with Node.js beside it."""
    variables = (f"HOME={home}", f"PM2_HOME={home}/.pm2", _path(tool))
    own = ("env", *variables, tool, *words)
    return Command(as_user(user, own), effect, risk=Risk.CHANGES_SYSTEM)


def start_pm2_at_boot(user: str, home: str, tool: str) -> tuple[Command, ...]:
    """Write and enable the unit that starts pm2 and its saved list with the server ("pm2 startup").
    A program in a home is not run by root: then the unit is written as pm2 writes it; () where it
    would read its words otherwise."""
    if tool.startswith("/usr/"):
        words = ("systemd", "-u", user, "--hp", home)
        startup = Command(
            ("env", _path(tool), tool, "startup", *words),
            Effect.CHANGE,
            undo=("env", _path(tool), tool, "unstartup", *words),
            risk=Risk.EDITS_FILES,
        )
        return (startup,)
    if not _PLAIN.fullmatch(home) or not _PLAIN.fullmatch(tool):
        return ()
    lines = (
        "[Unit]",
        "Description=PM2 process manager",
        "After=network.target",
        "[Service]",
        "Type=forking",
        f"User={user}",
        f"Environment={_path(tool)}",
        f"Environment=PM2_HOME={home}/.pm2",
        f"PIDFile={home}/.pm2/pm2.pid",
        "Restart=on-failure",
        f"ExecStart={tool} resurrect",
        f"ExecReload={tool} reload all",
        f"ExecStop={tool} kill",
        "[Install]",
        "WantedBy=multi-user.target",
    )
    return _new_service(f"pm2-{user}", lines, now=False)


def keep_project(user: str, folder: str, npm: str, script: str) -> tuple[Command, ...]:
    """Write a unit for a project of Node.js, and start it, now and with the server; () where a unit
    would read its words otherwise."""
    # A folder "redis" must not take the place of the unit that a package brings.
    name = f"{posixpath.basename(folder).lower()}-npm"
    if not _UNIT.fullmatch(name) or not _PLAIN.fullmatch(folder) or not _PLAIN.fullmatch(npm):
        return ()
    if not re.fullmatch(r"[a-z][a-z0-9:_-]{0,40}", script):
        return ()
    lines = (
        "[Unit]",
        f"Description={name}",
        "After=network.target",
        "[Service]",
        *((f"User={user}",) if user != "root" else ()),
        f"WorkingDirectory={folder}",
        f"Environment={_path(npm)}",
        f"ExecStart={npm} run {script}",
        "Restart=on-failure",
        "[Install]",
        "WantedBy=multi-user.target",
    )
    return _new_service(name, lines, now=True)


def _new_service(name: str, lines: tuple[str, ...], *, now: bool) -> tuple[Command, ...]:
    return (
        unit_commands.create_drop_in(f"/etc/systemd/system/{name}.service", lines),
        unit_commands.reload_units(),
        commands.enable_service(name, now=now),
    )


def _path(tool: str) -> str:
    """Return the variable with which a program finds Node.js beside it."""
    own = posixpath.dirname(tool)
    usual = "/usr/local/bin:/usr/bin:/bin"
    return f"PATH={usual}" if own in usual.split(":") else f"PATH={own}:{usual}"
