"""Which processes are nginx, whose they are, and what the masters among them run: one script lists
them, and what it printed is read here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxProcess
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.mounts import Mount, private, read_mount
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.sanitize import clean

#: The clock, the time since boot, our own mount namespace, the programs there are, of every process
#: that is nginx: proc_pid_stat(5), its title, its program, its mount namespace, its user and what
#: tells a container's from this system's ("its"; "own" is ours, to compare with); and how the
#: programs that may be the one to look at were built. "self" is our own user. A process of another
#: user than root or ourselves may be called nginx and be anything: its program is not run, and what
#: it calls itself is one line, or it could pass for another's.
LIST = r"""
date +%s.%N; cat /proc/uptime; own=$(readlink /proc/self/ns/mnt); echo "$own"
user() { while read -r k u _; do [ "$k" = Uid: ] && echo "$1 $u" && break; done < "$2/status"; }
me=$(user self /proc/self 2>/dev/null); echo "$me"
flat() { tr '\0\n' '  '; }
view() {
  r=$(stat -L -c %d:%i "$2/root"); echo "$1 root $r"; echo "$1 pid $(readlink "$2/ns/pid")"
  echo "$1 net $(readlink "$2/ns/net")"; sed "s/^/$1 cgroup /" "$2/cgroup"
}
mounts() { cut -d ' ' -f 3-5 "$2/mountinfo" | head -n 2000 | sed "s/^/$1 mount /"; }
view own /proc/self 2>/dev/null; root=$r
build() {
  case "$built" in *":$1:"*) return ;; esac
  built=$built:$1:; [ -x "$1" ] && echo "build $1" && "$1" -V 2>&1 && echo "built"
}
for b in "$(command -v nginx)" /usr/sbin/nginx /usr/local/nginx/sbin/nginx \
  /www/server/nginx/sbin/nginx /usr/local/openresty/nginx/sbin/nginx /usr/local/tengine/sbin/nginx
do [ -x "$b" ] && echo "program $b" && f=${f:-$b}; done
for d in /proc/[0-9]*; do
  c=; read -r c < "$d/comm" || continue
  case $c in nginx|openresty|tengine) ;; *) continue ;; esac
  echo "process $(flat < "$d/stat")"; t=$(flat < "$d/cmdline"); echo "$t"
  e=$(readlink "$d/exe"); printf %s "$e" | flat; echo; n=$(readlink "$d/ns/mnt"); echo "$n"
  u=$(user user "$d"); echo "$u"
  case $t in *"master process"*) ;; *) continue ;; esac
  view its "$d"; [ "$n" = "$own" ] || [ -z "$n" ] || { mounts its "$d"; other=yes; }
  case ${u#user } in 0|"${me#self }") [ "$r" = "$root" ] && [ -n "$e" ] && build "$e" ;; esac
done 2>/dev/null
[ -z "$other" ] || mounts own /proc/self 2>/dev/null
[ -n "$built" ] || build "$f"; :
"""

#: Lines of mountinfo that are read of a process.
MOST_MOUNTS = 2000

#: Clock ticks a second in /proc/PID/stat: 100 on every Linux (sysconf(3), _SC_CLK_TCK).
TICKS = 100


@frozen
class View:
    """The system that a process sees: its root folder (device and inode), its PID and network
    namespaces (namespaces(7)), its control groups (cgroups(7)) and its mounts, "" and () where they
    may not be read or, for mounts, are ours."""

    root: str = ""
    pid: str = ""
    net: str = ""
    cgroups: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()


@frozen
class Process:
    """A process that is nginx; `started` in seconds since the epoch by the server's own clock."""

    pid: int
    parent: int
    title: str
    program: str
    started: float | None
    user: int | None = None
    view: View = View()


@frozen
class Listing:
    """What LIST printed. `builds` are programs and what their -V says, `user` is who we are, `view`
    what we see."""

    programs: tuple[str, ...] = ()
    processes: tuple[Process, ...] = ()
    builds: tuple[tuple[str, str], ...] = ()
    user: int | None = None
    view: View = View()


def listing(text: str) -> Listing:
    """Read what LIST printed."""
    lines = text.splitlines()
    if len(lines) < 3:
        return Listing()
    try:
        boot = float(lines[0]) - float(lines[1].split()[0])
    except (ValueError, IndexError):
        boot = None
    programs = [line.partition(" ")[2] for line in lines if line.startswith("program ")]
    processes = []
    begun = [number for number, line in enumerate(lines) if line.startswith("process ")]
    for number, end in zip(begun, [*begun[1:], len(lines)], strict=False):
        if end > number + 3:
            stat, title, program, _, *rest = lines[number:end]
            if one := _process(stat.partition(" ")[2], title, program, boot):
                view = _view("its", rest)
                processes.append(replace(one, user=_user("user", rest), view=view))
    builds = re.findall(r"^build (.+)\n((?:.*\n)*?)built$", text, re.MULTILINE)
    return Listing(
        tuple(dict.fromkeys(programs)),
        tuple(processes),
        tuple(builds),
        _user("self", lines[3:]),
        _view("own", lines),
    )


def _view(whose: str, lines: Sequence[str]) -> View:
    said: dict[str, list[str]] = {}
    for line in lines:
        word, key, rest = (*line.split(" ", 2), "", "")[:3]
        if word == whose:
            said.setdefault(key, []).append(rest)
    root, pid, net = (next(iter(said.get(key, ())), "") for key in ("root", "pid", "net"))
    mounts = (read_mount(line) for line in said.get("mount", ())[:MOST_MOUNTS])
    return View(root, pid, net, tuple(said.get("cgroup", ())), tuple(filter(None, mounts)))


def _user(word: str, lines: list[str]) -> int | None:
    """The number in the next line, if that is about a user."""
    said, _, number = (lines or [""])[0].partition(" ")
    return int(number) if said == word and number.isdigit() else None


def _process(stat: str, title: str, program: str, boot: float | None) -> Process | None:
    # The name in parentheses may hold anything: what follows the last one counts.
    head, _, tail = stat.rpartition(") ")
    fields = tail.split()
    if not head or len(fields) < 20 or not head.split()[0].isdigit():
        return None
    started = None if boot is None else boot + int(fields[19]) / TICKS
    program = program.removesuffix(" (deleted)")
    return Process(int(head.split()[0]), int(fields[1]), title.strip(), program, started)


def masters(found: Listing) -> tuple[NginxProcess, ...]:
    """The masters, with when each last loaded its configuration."""
    made = []
    for one in found.processes:
        if "master process" not in one.title:
            continue
        workers = [
            other
            for other in found.processes
            if other.parent == one.pid
            and "worker process" in other.title
            and "shutting down" not in other.title
        ]
        loads = [other.started for other in workers if other.started is not None]
        said = wire.commanded(one.title)
        made.append(
            NginxProcess(
                vantage=Vantage.SERVER,
                pid=one.pid,
                binary=clean(one.program or said.binary, 300),
                arguments=said.options,
                config=said.config,
                started=one.started,
                loaded=min(loads, default=None),
                workers=tuple(other.pid for other in workers),
                foreign=_is_foreign(one, found),
                user=one.user,
                private=private(found.view.mounts, one.view.mounts),
                unit=unit_of(one.view.cgroups),
            )
        )
    return tuple(made)


def _is_foreign(one: Process, found: Listing) -> bool:
    """A container's, or of a user whose word is not taken for what to run, and with which options:
    anybody may call a process of his nginx. An installed program that runs without options is what
    would be looked at anyway, whoever runs it."""
    said = wire.commanded(one.title)
    installed = one.program in found.programs and not (said.prefix or said.config)
    trusted = found.user is None or one.user in {0, found.user} or installed
    return _is_apart(one.view, found.view) or not trusted


def _is_apart(one: View, own: View) -> bool:
    """A container's: it has another root folder, PID or network namespace, or an engine's control
    group. A mount namespace of its own has every unit with PrivateTmp= or ProtectSystem=
    (systemd.exec(5)), and its files are this system's."""
    pairs = ((one.root, own.root), (one.pid, own.pid), (one.net, own.net))
    engine = container_of(one.cgroups)
    other = bool(engine) and engine != container_of(own.cgroups)
    return other or any(his and ours and his != ours for his, ours in pairs)
