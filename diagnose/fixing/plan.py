"""From a report to what is to be done: which causes, in which order, and why some are not.

Pure. The order is that in which each step's ground is laid: a port is opened when something
listens behind it, and plain HTTP redirected when HTTPS works.
"""

import posixpath
from collections.abc import Iterable
from typing import Literal

from diagnose.fixing import rule_undo
from diagnose.model import Applicability, Command, Edit, Finding, Manual, Report, Step, Where
from diagnose.model.frozen import frozen

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
    if fix.applicability is Applicability.REVIEW:
        return "review"
    if fix.applicability is Applicability.MANUAL or any(isinstance(s, Manual) for s in fix.steps):
        return "manual"
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


def named_paths(step: Step) -> tuple[str, ...]:
    """The paths that a step's own command changes by their names: nothing but who may write in the
    folders on the way keeps it from another file."""
    if not isinstance(step, Command) or posixpath.basename(step.argv[0]) in _KEEPS:
        return ()
    return (*touched(step), *modes(step))


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


def is_test(step: Step) -> bool:
    """`nginx -t`, however that nginx has to be called."""
    return isinstance(step, Command) and step.argv[-1] == "-t"


def forgets(step: Step) -> bool:
    """Whether a step only has systemd forget that a service failed (systemctl(1), reset-failed)."""
    return isinstance(step, Command) and step.argv[:2] == ("systemctl", "reset-failed")


def rereads(steps: Iterable[Step]) -> list[Command]:
    """Those of a fix that only have programs read their files: reloads, and restarts, whose start
    is no step to be undone."""
    restarted = False
    found: list[Command] = []
    for step in steps:
        if not isinstance(step, Command):
            continue
        restarted = restarted or stops(step)
        if takes_effect(step) or stops(step) or restarted:
            found.append(step)
    return found


def comes_back(step: Step) -> bool:
    """Whether a step can be taken back: by its undo, by the copies of the files that it names, or
    by the handle of the rule that it has made."""
    if not isinstance(step, Command):
        return isinstance(step, Edit)
    files = touched(step) if posixpath.basename(step.argv[0]) in _CHANGES else modes(step)
    made = rule_undo.change(step.argv)
    return bool(step.undo or files or (made and made.rule))


def once_more(steps: Iterable[Step]) -> list[Command]:
    """What is done again when all else is as it was; where nothing else was changed that would
    take nothing back."""
    done = list(steps)
    again = rereads(done)
    return again if any(comes_back(step) for step in done if step not in again) else []


def lasting(steps: Iterable[Step]) -> tuple[Command, ...]:
    """The steps that nothing takes back. A test changes nothing, nor does what systemd forgets."""
    done = list(steps)
    again, more = rereads(done), once_more(done)
    return tuple(
        step
        for step in done
        if isinstance(step, Command)
        and not is_test(step)
        and not forgets(step)
        and (step not in more if step in again else not comes_back(step))
    )
