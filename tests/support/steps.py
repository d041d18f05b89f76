"""Commands that tests run on files of their own, and the rule for what a command says of itself."""

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from diagnose.model import Command, Effect, Manual, Step

#: Programs whose arguments name every file that they change.
_FILE_PROGRAMS = {
    "chcon", "chgrp", "chmod", "chown", "cp", "install", "ln", "mkdir", "mv", "restorecon", "rm",
    "sed", "setfacl", "tee", "touch",
}  # fmt: skip


def touching(path: Path, *rm_options: str) -> Command:
    """Make a file; the undo removes it."""
    undo = ("rm", *rm_options, str(path))
    return Command(("touch", str(path)), Effect.CHANGE, undo=undo, changes=(str(path),))


def all_commands(steps: Iterable[Step]) -> Iterator[Command]:
    """Yield every command, also those that a person is to type."""
    for step in steps:
        if isinstance(step, Manual):
            yield from all_commands(step.commands)
        elif isinstance(step, Command):
            yield step


def contradiction(command: Command) -> str:
    """What the words of a command say otherwise than the command itself; "" if they agree."""
    program = posixpath.basename(command.argv[0])
    if command.effect is not _expected_effect(command.argv):
        return f"{command} is no {command.effect}"
    named = tuple(word for word in command.argv[1:] if word.startswith("/"))
    is_own = program == "rm" and named[0].startswith("/run/diagnose-")
    if program in _FILE_PROGRAMS and command.changes != named and not is_own:
        return f"{command} does not say that it changes {named}"
    if command.effect in {Effect.TEST, Effect.RESET} and command.undo:
        return f"{command} has nothing to undo"
    if not all(path.startswith("/") for path in command.changes):
        return f"{command} changes a file that it does not name by its whole path"
    return ""


def _expected_effect(argv: tuple[str, ...]) -> Effect:
    match argv:
        case [_, *_, "-t"] | ["haproxy", *_, "-c"]:
            return Effect.TEST
        case ["kill", "-USR1" | "-USR2" | "-HUP", _] | ["touch", _]:
            return Effect.RELOAD
        case ["haproxy", *_, "-W", "-D", "-p", _]:
            return Effect.START
        case [program, *options, "-s", "reload" | "stop" as signal] if _is_nginx(program, options):
            return Effect.RELOAD if signal == "reload" else Effect.STOP
        case ["apachectl" | "httpd", *_, "graceful" | "start" | "stop" as verb]:
            return {"graceful": Effect.RELOAD, "start": Effect.START}.get(verb, Effect.STOP)
        case ["caddy", "adapt", *_] | ["openssl", "verify", *_]:
            return Effect.TEST
        case ["caddy", "reload" | "start" | "stop" as verb, *_]:
            return {"reload": Effect.RELOAD, "start": Effect.START}.get(verb, Effect.STOP)
        case ["firewall-cmd", "--reload"] | ["ufw", "reload"] | ["csf", "-r"]:
            return Effect.RELOAD
        case ["podman", "network", "reload", *_]:
            return Effect.RELOAD
        case ["sh", "-c", script] if "pgrep -u " in script:
            return Effect.STOP if "install " in script else Effect.RESTART
        case ["sh", "-c", script] if script.startswith("kill "):
            return Effect.STOP
        case ["timeout", _, "sh", "-c", script] if script.startswith("until ss "):
            return Effect.TEST
        case ["env", "-i", "bash", "-c", script] if "setsid -f" in script:
            return Effect.START
        case ["sh", "-c", script, "sh", _, _, "HUP" | "USR2"] if 'kill -s "$1"' in script:
            return Effect.RELOAD
        case [*_, "sh", "-c", script, "sh", _, _, _, _] if "--update-env" in script:
            return Effect.RESTART
        case ["supervisorctl", "update", _]:
            return Effect.RESTART
        case ["supervisorctl", *_, "restart", _] | ["sv" | "monit", "restart", _]:
            return Effect.RESTART
        case [*_, "restart", _] | ["s6-svc", "-r", _] if "pm2" in argv[-3] or argv[0] == "s6-svc":
            return Effect.RESTART
        case ["setpriv", *_, "sh", "-c", _]:
            # A server starts as the user of its service.
            return Effect.START
        case [*_, "up", "-d", _] | [*_, "up", "-d", "--force-recreate", _] if "-f" in argv:
            # docker compose: the container is made anew.
            return Effect.RESTART
        case [*_, "up", "-d"] if "-f" in argv:
            # A whole project, which does not run.
            return Effect.START
        case ["docker" | "podman", "start" | "stop" | "restart" as action, _, *_]:
            return _SERVICE_EFFECTS[action]
        case ["docker" | "podman", "pause" | "unpause" as action, _]:
            return Effect.START if action == "unpause" else Effect.STOP
        case ["docker" | "podman", "kill", "-s", "USR2", _]:
            return Effect.RELOAD
        case ["docker" | "podman", "exec", _, *inner] | ["nsenter", "-t", _, "-a", *inner]:
            return _expected_effect(tuple(inner))
        case ["service" | "rc-service", _, action] | ["systemctl", action, _]:
            return _SERVICE_EFFECTS.get(action, Effect.CHANGE)
        case ["systemctl", "enable", "--now", _]:
            return Effect.START
        case [program, *options] if _is_nginx(program, options):
            return Effect.START
    return Effect.CHANGE


_SERVICE_EFFECTS = {
    "reload": Effect.RELOAD,
    "restart": Effect.RESTART,
    "start": Effect.START,
    "stop": Effect.STOP,
    "reset-failed": Effect.RESET,
}


def _is_nginx(program: str, options: list[str]) -> bool:
    known = posixpath.basename(program) in {"nginx", "openresty", "tengine", "angie"}
    return known and set(options[::2]) <= {"-c", "-p", "-g", "-e"}
