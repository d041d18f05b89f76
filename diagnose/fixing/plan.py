"""From a report to what is to be done: which causes, in which order, and why some are not.

Pure. The order is that in which each step's ground is laid: a port is opened when something
listens behind it, and plain HTTP redirected when HTTPS works.
"""

import posixpath
from typing import Literal

from diagnose.frozen import frozen
from diagnose.model import Applicability, Command, Edit, Finding, Manual, Report, Step, Where

_ORDER = (
    "host",
    "dns",
    "cloud",
    "nginx",
    "listener",
    "tls",
    "certificate",
    "upstream",
    "websocket",
    "tcp",
    "firewall",
    "http",
)

#: Why a cause is left to a person.
Reason = Literal["none", "manual", "review", "client", "unsure"]

#: Programs that change files of their own, and where.
_KEEPS = {
    "firewall-cmd": ("/etc/firewalld",),
    "firewall-offline-cmd": ("/etc/firewalld",),
    "ufw": ("/etc/ufw", "/etc/default/ufw"),
    "netfilter-persistent": ("/etc/iptables",),
    "systemctl": ("/etc/systemd/system",),
    "sysctl": (),
}

#: Programs whose arguments are the files they change.
_CHANGES = {"ln", "mv", "cp", "rm", "install", "tee", "touch", "mkdir", "openssl", "sed", "sh"}

#: Programs that change who may read a file and not what is in it.
_MODES = {"chmod", "chown", "chgrp", "setfacl", "restorecon", "chcon"}


@frozen(eq=False)
class Plan:
    """What is done about one cause."""

    cause: Finding
    steps: tuple[Command | Edit, ...]


@frozen(eq=False)
class Left:
    """A cause that is left alone, and why."""

    cause: Finding
    reason: Reason


def plans(report: Report) -> tuple[tuple[Plan, ...], tuple[Left, ...]]:
    """Of every cause either what is done or why nothing is, in order."""
    made: list[Plan] = []
    left: list[Left] = []
    for cause in sorted(report.causes, key=lambda one: _ORDER.index(one.check.layer)):
        reason = refused(cause)
        fix = cause.claim.fix
        if reason is None and fix is not None:
            steps = tuple(one for one in fix.steps if not isinstance(one, Manual))
            made.append(Plan(cause, steps))
        elif reason is not None:
            left.append(Left(cause, reason))
    return tuple(made), tuple(left)


def refused(cause: Finding) -> Reason | None:
    """Why a cause is not for a program to remedy; None where it is."""
    fix = cause.claim.fix
    if fix is None or not fix.steps:
        return "none"
    if fix.applicability is Applicability.MANUAL or any(isinstance(s, Manual) for s in fix.steps):
        return "manual"
    if fix.applicability is Applicability.REVIEW:
        return "review"
    if any(step.where is not Where.SERVER for step in fix.steps):
        return "client"
    return None


def touched(step: Step) -> tuple[str, ...]:
    """The files and folders that a step changes, as far as it names them."""
    match step:
        case Edit():
            return (step.path,)
        case Command():
            return _touched(step.argv)
        case _:
            return ()


def modes(step: Step) -> tuple[str, ...]:
    """The files whose owner or mode a step changes."""
    if isinstance(step, Command) and posixpath.basename(step.argv[0]) in _MODES:
        return tuple(word for word in step.argv[1:] if word.startswith("/"))
    return ()


def renames(step: Step) -> bool:
    """Whether a step is about names in folders, a link's own among them, and no file's content."""
    return isinstance(step, Command) and posixpath.basename(step.argv[0]) in {"ln", "mv", "rm"}


def _touched(argv: tuple[str, ...]) -> tuple[str, ...]:
    program = posixpath.basename(argv[0])
    if program in _KEEPS:
        return _KEEPS[program]
    if program in _CHANGES:
        return tuple(word for word in argv[1:] if word.startswith("/") and word != "/dev/null")
    return ()


def stops(step: Step) -> bool:
    """Whether a step ends a program, which a later one starts anew: together a restart."""
    return isinstance(step, Command) and bool({"stop", "quit"} & set(step.argv[1:]))


def takes_effect(step: Step) -> bool:
    """Whether a step only makes a program read its files again: to be done once more when these
    are as they were."""
    if not isinstance(step, Command) or step.undo:
        return False
    words = [posixpath.basename(step.argv[0]), *step.argv[1:]]
    return bool({"reload", "restart", "-t", "--reload"} & set(words)) or words[-1:] == ["reload"]
