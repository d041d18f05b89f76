"""The steps of a fix as the journal keeps them. No I/O.

A journal may be read much later, by a newer version, to undo its fix. Earlier versions wrote only
the arguments and the undo of a command. What such a command does is guessed from its arguments, by
the rules of those versions. This is the only place that guesses.
"""

import posixpath
from typing import Any

from diagnose.model import Aspect, Command, Edit, Effect

#: Programs that change their own configuration files, and the paths of these.
_SETTINGS = {
    "firewall-cmd": ("/etc/firewalld",),
    "firewall-offline-cmd": ("/etc/firewalld",),
    "ufw": ("/etc/ufw", "/etc/default/ufw"),
    "netfilter-persistent": ("/etc/iptables",),
    "systemctl": ("/etc/systemd/system",),
}

#: What the programs change whose arguments are the files that they change.
_FILE_ASPECTS: dict[str, Aspect] = {
    **dict.fromkeys(("ln", "mv", "rm"), "entry"),
    **dict.fromkeys(("cp", "install", "tee", "touch", "mkdir", "openssl", "sed", "sh"), "content"),
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl", "restorecon", "chcon"), "permissions"),
}


def step_to_json(step: Command | Edit) -> dict[str, Any]:
    if isinstance(step, Edit):
        return {"path": step.path, "diff": step.diff}
    return {
        "argv": step.argv,
        "undo": step.undo,
        "effect": step.effect,
        "changes": step.changes,
        "aspect": step.aspect,
    }


def step_from_json(document: dict[str, Any]) -> Command | Edit:
    """Return a step of the journal. One that an earlier version wrote has no effect: it is guessed
    from the command. Raise KeyError or ValueError if the document is no step."""
    if "path" in document:
        return Edit(document["path"], document["diff"])
    argv, undo = tuple(document["argv"]), tuple(document["undo"])
    if "effect" not in document:
        aspect, changes = _guess_changes(argv)
        return Command(argv, _guess_effect(argv), undo=undo, changes=changes, aspect=aspect)
    return Command(
        argv,
        Effect(document["effect"]),
        undo=undo,
        changes=tuple(document["changes"]),
        aspect=document["aspect"],
    )


def _guess_effect(argv: tuple[str, ...]) -> Effect:
    words = {posixpath.basename(argv[0]), *argv[1:]}
    if argv[-1] == "-t":
        return Effect.TEST
    if {"stop", "quit"} & set(argv[1:]):
        return Effect.STOP
    if argv[:2] == ("systemctl", "reset-failed"):
        return Effect.RESET
    if "restart" in words:
        return Effect.RESTART
    return Effect.RELOAD if {"reload", "--reload"} & words else Effect.CHANGE


def _guess_changes(argv: tuple[str, ...]) -> tuple[Aspect, tuple[str, ...]]:
    program = posixpath.basename(argv[0])
    if program in _SETTINGS:
        return "settings", _SETTINGS[program]
    if program not in _FILE_ASPECTS:
        return "content", ()
    paths = (word for word in argv[1:] if word.startswith("/") and word != "/dev/null")
    return _FILE_ASPECTS[program], tuple(paths)
