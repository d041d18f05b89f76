"""Commands that end a program and start it again where no service of systemd has it: those of other
managers of processes, its own signal, and for a program that somebody started by hand the command
line by which it runs (ADR 94)."""

import posixpath
import re
import shlex
from typing import assert_never

from diagnose.model.processes import Starter
from diagnose.model.steps import Command, Effect, Risk
from diagnose.model.user_commands import as_user

#: Prints the processes that listen at $at, and finds the one whose arguments have the checksum
#: $sum: the topmost of them, `p`. proc_pid_cmdline(5), ss(8), cksum(1).
_FIND = r"""
at=$1 sum=$2; shift 2; exec 3>&2
fail() { echo "$*" >&3; exit 1; }
pids() { case $at in /*) ss -Hlxp src "$at" ;; *) ss -Hltnp "sport = :$at" ;; esac | grep -o "pid=[0-9]*" | cut -d= -f2 | sort -nu; }
up() { ps -o ppid= -p "$1" | tr -d " "; }
p=
for c in $(pids); do while [ "${c:-0}" -gt 1 ]; do
  [ "$(cksum <"/proc/$c/cmdline" | tr " " -)" = "$sum" ] && p=$c; c=$(up "$c")
done; done
"""  # noqa: E501

_SIGNAL = r"""
[ "$p" ] || fail "another program listens at $at now"
kill -s "$1" "$p"
"""

#: Keep the environment of the only process of a user with a command line, end it (SIGTERM), and
#: wait for its end. With none or with several it fails before anything is done.
_STOP = """
pid=$(pgrep -u {} -xf {}) &&
install -m 600 "/proc/$pid/environ" {} &&
kill $pid && timeout 15 tail --pid=$pid -f /dev/null
"""
_END = 'pid=$(pgrep -u {} -xf {}) && kill "$pid" && timeout 15 tail --pid=$pid -f /dev/null'
#: Start a program with an environment that was kept, in a folder, with its output in a file, out of
#: the terminal. The environment goes into no process's arguments, which everybody may read.
_START = """
exec <{} || exit
while IFS= read -rd "" v; do export "$v"; done
cd {} && setsid -f {} </dev/null >>{} 2>&1
"""
_LISTENS = 'until ss -Hltn "sport = :{}" | grep -q .; do sleep 1; done'
_LISTENS_AT_SOCKET = "until ss -Hlx src {} | grep -q .; do sleep 1; done"
#: What has a meaning in a regular expression of pgrep(1) (regex(7)).
_SPECIAL = re.compile(r"[][\\.*^$+?(){}|]")
#: What has a meaning within double quotes; a backslash only before one of these.
_NOT_IN_QUOTES = re.compile(r'["$`!\n]|\\\\|\\$')


def restart_program(
    starter: Starter, setting: str = "", before: str | None = None
) -> tuple[Command, ...]:
    """End a program that somebody started by hand, and start it again as the same user, in the same
    folder, with the same arguments and environment, out of its terminal.

    `setting` is a variable that it gets besides ("NAME=VALUE"), or a new value of its option
    ("--option=VALUE"), and `before` is the variable as it was, "" if it was not set, None if that
    is not known: then nothing undoes it. Return () for an option that the program does not have.
    A program that does not end within 15 seconds is not killed: the command fails. Without a
    setting, the same commands undo an edit before them."""
    old = new = start = again = starter.words
    if setting.startswith("-"):
        start = new = _with_option(old, setting)
        if not new:
            return ()
    elif setting:
        name = setting.partition("=")[0]
        start = ("env", setting, *old)
        again = ("env", *((before,) if before else ("-u", name)), *old)
    remove = ("rm", kept_environment(starter))
    undo = stop_undo = tuple[str, ...]()
    if setting.startswith("-") or (setting and before is not None):
        undo, stop_undo = _stop(starter, new), _start(starter, again, remove)
    return (
        Command(_stop(starter, old), Effect.STOP, undo=stop_undo),
        Command(_start(starter, start), Effect.START, undo=undo),
        wait_for(starter.endpoint),
        Command(remove, Effect.CHANGE, risk=Risk.EDITS_FILES),
    )


def kept_environment(starter: Starter) -> str:
    """Return the file that keeps the environment of a program during its restart."""
    return f"/run/diagnose{_tag(starter)}.env"


def end_process(pid: int) -> Command:
    """End a process, and wait for its end. It is not killed: after 15 seconds the command fails."""
    words = _shell("kill {} && timeout 15 tail --pid={} -f /dev/null", str(pid), str(pid))
    return Command(words, Effect.STOP)


def end_program(starter: Starter) -> tuple[Command, ...]:
    """End a program that its parent starts again by itself, and wait until it listens."""
    words = _shell(_END, starter.user, _pattern(starter.words))
    return Command(words, Effect.RESTART), wait_for(starter.endpoint)


def _with_option(words: tuple[str, ...], setting: str) -> tuple[str, ...]:
    """Return the command line with another value of an option, () if it does not have the
    option."""
    name, _, value = setting.partition("=")
    changed, last = list[str](), ""
    for word in words:
        is_joined = word.startswith(f"{name}=")
        changed.append(setting if is_joined else value if last == name else word)
        last = word
    return tuple(changed) if tuple(changed) != words else ()


def _tag(starter: Starter) -> str:
    return "-" + re.sub(r"[^A-Za-z0-9._]+", "-", starter.endpoint).strip("-")


def _pattern(words: tuple[str, ...]) -> str:
    return _SPECIAL.sub(r"\\\g<0>", " ".join(words))


def _stop(starter: Starter, words: tuple[str, ...]) -> tuple[str, ...]:
    return _shell(_STOP, starter.user, _pattern(words), kept_environment(starter))


def _start(starter: Starter, words: tuple[str, ...], then: tuple[str, ...] = ()) -> tuple[str, ...]:
    output = starter.output or f"/var/log/diagnose{_tag(starter)}.log"
    user = (f"--reuid={starter.user}", f"--regid={starter.group}", "--init-groups")
    as_user = () if starter.user == "root" else ("setpriv", *user)
    command = " ".join(map(_quoted, (*as_user, *words)))
    places = map(_quoted, (kept_environment(starter), starter.folder))
    script = _START.format(*places, command, _quoted(output))
    if then:
        script = f"{script.rstrip()} && {shlex.join(then)}\n"
    return ("env", "-i", "bash", "-c", script)


def wait_for(endpoint: str) -> Command:
    """Wait until something listens on a port, or at a Unix socket."""
    script = _LISTENS_AT_SOCKET if endpoint.startswith("/") else _LISTENS
    return Command(("timeout", "60", *_shell(script, endpoint)), Effect.TEST)


def _shell(script: str, *words: str) -> tuple[str, ...]:
    return ("sh", "-c", script.format(*map(_quoted, words)))


def _quoted(word: str) -> str:
    """Quote a word for a script that a report shows within single quotes (sh(1), "Double
    Quotes")."""
    quoted = shlex.quote(word)
    return f'"{word}"' if quoted != word and not _NOT_IN_QUOTES.search(word) else quoted


def signal_program(starter: Starter) -> Command:
    """Tell the master of a program to load its configuration and its source again, by its own
    signal (gunicorn, uWSGI: HUP; puma, PHP-FPM: USR2)."""
    script = (_FIND + _SIGNAL).strip()
    words = (starter.endpoint, starter.digest, starter.name)
    return Command(("sh", "-c", script, "sh", *words), Effect.RELOAD)


def restart_managed(starter: Starter) -> Command:
    """Restart a program by what manages it: pm2(1), supervisorctl(1), sv(8), s6-svc, rc-service(8)
    or monit(1)."""
    words: tuple[str, ...]
    match starter.kind:
        case "pm2":
            folder = starter.tool.rpartition("/")[0]
            path = f"PATH={folder}:/usr/local/bin:/usr/bin:/bin"
            words = ("env", path, f"PM2_HOME={starter.home}", starter.tool, "restart", starter.name)
            words = as_user(starter.user, words)
        case "supervisor":
            file = ("-c", starter.home) if starter.home else ()
            words = ("supervisorctl", *file, "restart", starter.name)
        case "runit":
            words = ("sv", "restart", starter.home)
        case "s6":
            words = ("s6-svc", "-r", starter.home)
        case "openrc":
            words = ("rc-service", starter.name, "restart")
        case "monit":
            words = ("monit", "restart", starter.name)
        case "signal" | "command" | "parent":
            raise ValueError(f"no manager: {starter.kind}")
        case _:
            assert_never(starter.kind)
    return Command(words, Effect.RESTART)


#: Takes the value of a variable out of a file ("NAME=VALUE", "export NAME='VALUE'"), so that no
#: command shows it, and lets pm2 start the program with it and keep it for the next boot.
_WITH_VARIABLE = r"""
v=$(grep -E "^(export )?$1=" "$2" | tail -n 1) || exit
v=${v#*=}
case $v in [\"\']*) v=${v#?} && v=${v%?} ;; esac
export "$1=$v"
"$3" restart "$4" --update-env && "$3" save
"""


def restart_with_variable(starter: Starter, file: str, name: str) -> tuple[Command, ...]:
    """Restart a program of pm2 with a variable that a file has (pm2, "--update-env"). pm2 takes
    every variable of the caller with it: those of the administrator's shell are left out."""
    restart = restart_managed(starter).argv
    own, at = restart.index("env") + 1, restart.index(starter.tool)
    alone = ("-i", f"HOME={posixpath.dirname(starter.home)}")
    script = ("sh", "-c", _WITH_VARIABLE.strip(), "sh")
    words = (
        *restart[:own], *alone, *restart[own:at], *script, name, file, starter.tool, starter.name
    )  # fmt: skip
    return (Command(words, Effect.RESTART),)


def restart_by(
    starter: Starter, setting: str = "", before: str | None = None
) -> tuple[Command, ...]:
    """Return what ends the program and starts it again; () if nothing is known that brings its new
    variable or option into force."""
    if starter.kind == "command":
        return restart_program(starter, setting, before)
    if setting:
        return ()
    match starter.kind:
        case "parent":
            return end_program(starter)
        case "signal":
            return (signal_program(starter),)
        case _:
            return (restart_managed(starter),)
