"""Decides which causes of a report are fixed, in which order, and why others are skipped. No I/O.

The order makes sure that each step has what it needs: a port is opened after something listens
behind it, and plain HTTP is redirected after HTTPS works.
"""

import posixpath
from collections.abc import Iterable
from typing import Literal

from diagnose.fixing import rule_undo
from diagnose.model import Applicability, Command, Edit, Finding, Manual, Report, Step, Where
from diagnose.model.frozen import frozen

_LAYER_ORDER = (
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
SkipReason = Literal["none", "manual", "review", "client", "unsure"]

#: Programs that change their own configuration files, and the paths of these.
_CONFIG_PATHS = {
    "firewall-cmd": ("/etc/firewalld",),
    "firewall-offline-cmd": ("/etc/firewalld",),
    "ufw": ("/etc/ufw", "/etc/default/ufw"),
    "netfilter-persistent": ("/etc/iptables",),
    "systemctl": ("/etc/systemd/system",),
    "sysctl": (),
}

#: Programs whose arguments are the files that they change.
_FILE_PROGRAMS = {
    "ln",
    "mv",
    "cp",
    "rm",
    "install",
    "tee",
    "touch",
    "mkdir",
    "openssl",
    "sed",
    "sh",
}

#: Programs that change the permissions of a file and not its content.
_PERMISSION_PROGRAMS = {"chmod", "chown", "chgrp", "setfacl", "restorecon", "chcon"}


@frozen(eq=False)
class Plan:
    """The steps that fix one cause."""

    cause: Finding
    steps: tuple[Command | Edit, ...]


@frozen(eq=False)
class SkippedCause:
    """A cause that is not fixed, and why."""

    cause: Finding
    reason: SkipReason


def plans(report: Report) -> tuple[tuple[Plan, ...], tuple[SkippedCause, ...]]:
    """Return the plans and the skipped causes of a report, in order."""
    fix_plans: list[Plan] = []
    skipped: list[SkippedCause] = []
    for cause in sorted(
        report.causes, key=lambda cause_finding: _LAYER_ORDER.index(cause_finding.check.layer)
    ):
        reason = skip_reason(cause)
        fix = cause.claim.fix
        if reason is None and fix is not None:
            steps = tuple(step for step in fix.steps if not isinstance(step, Manual))
            fix_plans.append(Plan(cause, steps))
        elif reason is not None:
            skipped.append(SkippedCause(cause, reason))
    return tuple(fix_plans), tuple(skipped)


def skip_reason(cause: Finding) -> SkipReason | None:
    """Return why a cause must not be fixed by a program; None if it may be."""
    fix = cause.claim.fix
    if fix is None or not fix.steps:
        return "none"
    if fix.applicability is Applicability.REVIEW:
        return "review"
    if fix.applicability is Applicability.MANUAL or any(
        isinstance(step, Manual) for step in fix.steps
    ):
        return "manual"
    if any(step.where is not Where.SERVER for step in fix.steps):
        return "client"
    return None


def changed_paths(step: Step) -> tuple[str, ...]:
    """Return the files and folders that a step changes, as far as it names them."""
    match step:
        case Edit():
            return (step.path,)
        case Command():
            return _command_paths(step.argv)
        case _:
            return ()


def permission_paths(step: Step) -> tuple[str, ...]:
    """Return the files whose owner or mode a step changes."""
    if isinstance(step, Command) and posixpath.basename(step.argv[0]) in _PERMISSION_PROGRAMS:
        return tuple(argument for argument in step.argv[1:] if argument.startswith("/"))
    return ()


def named_paths(step: Step) -> tuple[str, ...]:
    """Return the paths that a step's own command changes by name. If another user may write to a
    folder of such a path, the command could be led to another file."""
    if not isinstance(step, Command) or posixpath.basename(step.argv[0]) in _CONFIG_PATHS:
        return ()
    return (*changed_paths(step), *permission_paths(step))


def changes_folder_entry(step: Step) -> bool:
    """Return True if a step changes names in folders, including links, and not file contents."""
    return isinstance(step, Command) and posixpath.basename(step.argv[0]) in {"ln", "mv", "rm"}


def _command_paths(argv: tuple[str, ...]) -> tuple[str, ...]:
    program = posixpath.basename(argv[0])
    if program in _CONFIG_PATHS:
        return _CONFIG_PATHS[program]
    if program in _FILE_PROGRAMS:
        return tuple(
            argument
            for argument in argv[1:]
            if argument.startswith("/") and argument != "/dev/null"
        )
    return ()


def stops_service(step: Step) -> bool:
    """Return True if a step stops a program that a later step starts again: together a restart."""
    return isinstance(step, Command) and bool({"stop", "quit"} & set(step.argv[1:]))


def is_reload_or_test(step: Step) -> bool:
    """Return True if a step only makes a program read its files again, or tests them. It is
    repeated after the files were restored."""
    if not isinstance(step, Command) or step.undo:
        return False
    words = [posixpath.basename(step.argv[0]), *step.argv[1:]]
    return bool({"reload", "restart", "-t", "--reload"} & set(words)) or words[-1:] == ["reload"]


def is_test(step: Step) -> bool:
    """Return True for `nginx -t`, whatever the path of nginx is."""
    return isinstance(step, Command) and step.argv[-1] == "-t"


def is_reset_failed(step: Step) -> bool:
    """Return True if a step only clears systemd's record of a failure (systemctl(1),
    reset-failed)."""
    return isinstance(step, Command) and step.argv[:2] == ("systemctl", "reset-failed")


def reload_steps(steps: Iterable[Step]) -> list[Command]:
    """Return the steps that only make programs read their files: reloads, and restarts, whose start
    must not be undone."""
    restarted = False
    reloads: list[Command] = []
    for step in steps:
        if not isinstance(step, Command):
            continue
        restarted = restarted or stops_service(step)
        if is_reload_or_test(step) or stops_service(step) or restarted:
            reloads.append(step)
    return reloads


def is_reversible(step: Step) -> bool:
    """Return True if a step can be undone: by its undo command, by backups of the files that it
    names, or by the handle of the rule that it added."""
    if not isinstance(step, Command):
        return isinstance(step, Edit)
    files = (
        changed_paths(step)
        if posixpath.basename(step.argv[0]) in _FILE_PROGRAMS
        else permission_paths(step)
    )
    change = rule_undo.rule_change(step.argv)
    return bool(step.undo or files or (change and change.rule))


def repeated_reloads(steps: Iterable[Step]) -> list[Command]:
    """Return the reloads to repeat after everything else was undone; none if nothing else was
    changed, because a reload alone would undo nothing."""
    all_steps = list(steps)
    reloads = reload_steps(all_steps)
    return reloads if any(is_reversible(step) for step in all_steps if step not in reloads) else []


def irreversible_steps(steps: Iterable[Step]) -> tuple[Command, ...]:
    """Return the steps that cannot be undone. Tests and systemctl reset-failed change nothing and
    do not count."""
    all_steps = list(steps)
    reloads, repeated = reload_steps(all_steps), repeated_reloads(all_steps)
    return tuple(
        step
        for step in all_steps
        if isinstance(step, Command)
        and not is_test(step)
        and not is_reset_failed(step)
        and (step not in repeated if step in reloads else not is_reversible(step))
    )
