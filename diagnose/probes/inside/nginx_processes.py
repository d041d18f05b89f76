"""Lists nginx processes, their users, and the programs of the masters.

One script lists them; its output is parsed here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxBuild, NginxProcess, NginxState
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.mounts import Mount, parse_mount, private_folders
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths
from diagnose.parsers.nginx.file_paths import start_folder
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext

LIST_SCRIPT = read_script(__file__, "nginx_processes.sh")

#: The command that runs it.
LIST_COMMAND = ("sh", "-c", LIST_SCRIPT, "sh", *install_paths.PROGRAMS)

#: Maximum number of mountinfo lines read per process.
MAX_MOUNTS = 2000

#: Clock ticks per second in /proc/PID/stat: 100 on every Linux (sysconf(3), _SC_CLK_TCK).
TICKS = 100


@frozen
class ProcessView:
    """The system that a process sees.

    Its root folder (device and inode), PID and network namespaces (namespaces(7)), control groups
    (cgroups(7)) and mounts. "" and () mean not readable or, for mounts, the same as ours. `folder`
    is its working directory, "" if it is not known or is deleted.
    """

    root: str = ""
    pid: str = ""
    net: str = ""
    cgroups: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    folder: str = ""


@frozen
class ListedProcess:
    """An nginx process. `started` is in seconds since the epoch, by the server's clock."""

    pid: int
    parent: int
    title: str
    program: str
    started: float | None
    user: int | None = None
    view: ProcessView = ProcessView()


#: The PID, the parent's and the start of a process, in ticks since the boot (proc_pid_stat(5)). The
#: name in parentheses may contain anything: the fields follow the last ") ".
_STAT = re.compile(
    r"([0-9]{1,10}) \(.*\) \S+ ([0-9]{1,10})(?: -?[0-9]{1,20}){17} ([0-9]{1,20})(?: |$)"
)


@frozen
class Listing:
    """The parsed output of LIST_SCRIPT.

    `builds` holds pairs of a program and its -V output; `user` and `view` are our own.
    """

    programs: tuple[str, ...] = ()
    processes: tuple[ListedProcess, ...] = ()
    builds: tuple[tuple[str, str], ...] = ()
    user: int | None = None
    view: ProcessView = ProcessView()


def parse_listing(text: str) -> Listing:
    """Parse the output of LIST_SCRIPT."""
    lines = text.splitlines()
    if len(lines) < 3:
        return Listing()
    boot = _boot_time(lines[0], lines[1])
    programs = [line.partition(" ")[2] for line in lines if line.startswith("program ")]
    processes = []
    starts = [number for number, line in enumerate(lines) if line.startswith("process ")]
    for number, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        if end > number + 3:
            stat, title, program, _, *details = lines[number:end]
            if process := _process(stat.partition(" ")[2], title, program, boot):
                view = _view("its", details)
                processes.append(replace(process, user=_user("user", details), view=view))
    builds = re.findall(r"^build (.+)\n((?:.*\n)*?)built$", text, re.MULTILINE)
    return Listing(
        tuple(dict.fromkeys(programs)),
        tuple(processes),
        tuple(builds),
        _user("self", lines[3:]),
        _view("own", lines),
    )


def _boot_time(clock: str, uptime: str) -> float | None:
    """Return when the server booted, in seconds since the epoch; None if a line is unreadable.

    The date(1) of busybox has no fractions of a second. A process must not look older than it is,
    because a file saved before its start would look newer: so such a clock is rounded up.
    """
    match = re.match(r"(\d{1,12})(\.\d+)?", clock)
    try:
        seconds = float(match[0]) + (0.0 if match[2] else 1.0) if match else None
        return None if seconds is None else seconds - float(uptime.split()[0])
    except (ValueError, IndexError):
        return None


def _view(prefix: str, lines: Sequence[str]) -> ProcessView:
    values: dict[str, list[str]] = {}
    for line in lines:
        line_prefix, key, value = (*line.split(" ", 2), "", "")[:3]
        if line_prefix == prefix:
            values.setdefault(key, []).append(value)
    root, pid, net, folder = (
        next(iter(values.get(key, ())), "") for key in ("root", "pid", "net", "folder")
    )
    mounts = (parse_mount(line) for line in values.get("mount", ())[:MAX_MOUNTS])
    is_whole = folder.startswith("/") and not folder.endswith(" (deleted)")
    return ProcessView(
        root,
        pid,
        net,
        tuple(values.get("cgroup", ())),
        tuple(filter(None, mounts)),
        folder if is_whole else "",
    )


def _user(prefix: str, lines: list[str]) -> int | None:
    """Return the number of a user from the line with this prefix, if there is one."""
    line_prefix, _, number = (lines or [""])[0].partition(" ")
    return whole_number(number, 10) if line_prefix == prefix else None


def _process(stat: str, title: str, program: str, boot: float | None) -> ListedProcess | None:
    match = _STAT.match(stat)
    if match is None:
        return None
    started = None if boot is None else boot + int(match[3]) / TICKS
    program = program.removesuffix(" (deleted)")
    return ListedProcess(int(match[1]), int(match[2]), title.strip(), program, started)


def own_masters(ctx: ProbeContext) -> tuple[NginxProcess, ...]:
    """Return the observed masters of this machine itself; () until they are listed."""
    return tuple(master for state in ctx.observed(NginxState) for master in state.own_masters)


def first_worker(ctx: ProbeContext) -> int | None:
    """Return the process id of a worker of this machine's nginx, as whose user files are read; None
    if there is none."""
    return next((pid for master in own_masters(ctx) for pid in master.workers), None)


def start_folder_of(ctx: ProbeContext) -> str:
    """Return the folder at which relative paths of this machine's nginx begin; "" if it is not
    known."""
    build = next(iter(ctx.observed(NginxBuild)), None)
    options = next((master.arguments for master in own_masters(ctx)), ())
    return start_folder(build, options)


def master_processes(listing: Listing) -> tuple[NginxProcess, ...]:
    """Return the masters, with the time at which each last loaded its configuration."""
    masters = []
    for process in listing.processes:
        if "master process" not in process.title:
            continue
        workers = [
            worker
            for worker in listing.processes
            if worker.parent == process.pid
            and "worker process" in worker.title
            and "shutting down" not in worker.title
        ]
        loads = [worker.started for worker in workers if worker.started is not None]
        command_line = nginx_parser.parse_master_title(process.title)
        masters.append(
            NginxProcess(
                vantage=Vantage.SERVER,
                pid=process.pid,
                binary=clean(process.program or command_line.binary, 300),
                arguments=command_line.options,
                config=command_line.config,
                started=process.started,
                loaded=min(loads, default=None),
                workers=tuple(worker.pid for worker in workers),
                foreign=_is_foreign(process, listing),
                user=process.user,
                worker_user=_common_user(workers),
                private=private_folders(listing.view.mounts, process.view.mounts),
                unit=unit_of(process.view.cgroups),
            )
        )
    return tuple(masters)


def _common_user(workers: Sequence[ListedProcess]) -> int | None:
    users = {worker.user for worker in workers}
    return users.pop() if len(users) == 1 else None


def _is_foreign(process: ListedProcess, listing: Listing) -> bool:
    """Whether a process is in a container or belongs to a user that we do not trust.

    Anybody may name a process nginx, so such a user does not decide which program we run and with
    which options. An installed program without options would be probed anyway, so it is accepted
    from any user.
    """
    command_line = nginx_parser.parse_master_title(process.title)
    installed = process.program in listing.programs and not (
        command_line.prefix or command_line.config
    )
    trusted = listing.user is None or process.user in {0, listing.user} or installed
    return is_in_container(process.view, listing.view) or not trusted


def has_own_network_only(view: ProcessView, own_view: ProcessView) -> bool:
    """Whether a process sees this system's files and processes and another network: that of its
    unit (PrivateNetwork=, NetworkNamespacePath=), or of `ip netns exec`. It is in no container."""
    apart = view.net and own_view.net and view.net != own_view.net
    shared = (view.root, view.pid) == (own_view.root, own_view.pid) and view.root
    return bool(apart and shared) and not container_of(view.cgroups)


def is_in_container(view: ProcessView, own_view: ProcessView) -> bool:
    """Whether a process is in a container.

    A container has a different root folder, PID namespace or network namespace, or a container
    engine's control group. A different mount namespace is no proof: every unit with PrivateTmp=
    or ProtectSystem= has one (systemd.exec(5)), and its files are this system's.
    """
    pairs = ((view.root, own_view.root), (view.pid, own_view.pid), (view.net, own_view.net))
    engine = container_of(view.cgroups)
    other_container = bool(engine) and engine != container_of(own_view.cgroups)
    return other_container or any(theirs and ours and theirs != ours for theirs, ours in pairs)
