"""Lists the processes and services of web servers other than nginx. One script lists them; its
output is parsed here."""

import posixpath
import re
from collections.abc import Iterable

from diagnose.machine.script_files import read_script
from diagnose.model.frozen import frozen
from diagnose.model.server import Listener
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.sanitize import clean
from diagnose.probes.inside import nginx_processes
from diagnose.probes.inside.nginx_processes import ListedProcess, Listing, is_in_container

LIST_SCRIPT = read_script(nginx_processes.__file__, "web_servers.sh")

#: Maximum number of main processes, and of journal lines of a service.
MAX_SERVERS, MAX_JOURNAL = 8, 40


@frozen
class ServerProcess:
    """The main process of a web server. `name` is the name of its program ("apache2"), `title` its
    command line, `program` its file. `workers` are its child processes with the time of their start
    (seconds since the epoch). `ports` are the TCP ports that it or a worker listens on. `container`
    is what its control group says of its container, "" outside of one. `folder` is its working
    directory, at which relative paths of its command line begin; "" if it is not known."""

    pid: int
    name: str
    title: str = ""
    program: str = ""
    started: float | None = None
    user: int | None = None
    foreign: bool = False
    unit: str = ""
    workers: tuple[tuple[int, float | None], ...] = ()
    ports: tuple[int, ...] = ()
    container: str = ""
    folder: str = ""

    @property
    def oldest_worker(self) -> float | None:
        """The start of the oldest worker, in seconds since the epoch."""
        return min((start for _, start in self.workers if start is not None), default=None)


@frozen
class ServerService:
    """What systemd knows of a service: `state` is its ActiveState, `file_state` its UnitFileState
    ("enabled", "disabled"), `journal` the lines of a failed start, the oldest first. With
    `is_openrc` OpenRC starts it; it may believe a service to be active whose program has ended."""

    name: str
    state: str = ""
    file_state: str = ""
    main_pid: int = 0
    journal: tuple[str, ...] = ()
    is_openrc: bool = False

    @property
    def enabled(self) -> bool:
        return self.file_state.startswith("enabled")


@frozen
class Candidate:
    """A server that may be meant to answer the target. `name` is the name of its program, `program`
    the installed file of that name, "" if no shell finds one."""

    name: str
    program: str
    process: ServerProcess | None = None
    service: ServerService | None = None

    @property
    def binary(self) -> str:
        """The file that runs; without a process, the installed one."""
        return (self.process.program if self.process else "") or self.program


@frozen
class InstalledServers:
    """The web servers on a machine: processes, services and the paths of installed programs.
    `nginx` is True if a shell finds nginx."""

    processes: tuple[ServerProcess, ...] = ()
    services: tuple[ServerService, ...] = ()
    programs: tuple[str, ...] = ()
    nginx: bool = False

    def service(self, name: str) -> ServerService | None:
        return next((service for service in self.services if service.name == name), None)

    def program(self, name: str) -> str:
        """Return the path of an installed program, "" if there is none of that name."""
        return next((path for path in self.programs if posixpath.basename(path) == name), "")


def parse_servers(text: str, sockets: Iterable[Listener]) -> InstalledServers:
    """Parse the output of LIST_SCRIPT; `sockets` are the machine's listening sockets."""
    listing = nginx_processes.parse_listing(text)
    own_programs = tuple(path for path in listing.programs if posixpath.basename(path) != "nginx")
    return InstalledServers(
        tuple(_main_processes(listing, tuple(sockets)))[:MAX_SERVERS],
        _services(text),
        own_programs,
        len(own_programs) != len(listing.programs),
    )


def _main_processes(listing: Listing, sockets: tuple[Listener, ...]) -> Iterable[ServerProcess]:
    pids = {process.pid for process in listing.processes}
    for process in listing.processes:
        if process.parent in pids:
            continue
        workers = [
            other_process
            for other_process in listing.processes
            if other_process.parent == process.pid
        ]
        family = {process.pid, *(worker.pid for worker in workers)}
        ports = {socket.port for socket in sockets if socket.pid in family}
        yield ServerProcess(
            process.pid,
            _program_name(process),
            clean(process.title, 2000),
            clean(process.program, 300),
            process.started,
            process.user,
            _is_foreign(process, listing),
            unit_of(process.view.cgroups).removesuffix(".service"),
            tuple((worker.pid, worker.started) for worker in workers),
            tuple(sorted(ports)),
            container_of(process.view.cgroups),
            clean(process.view.folder, 300),
        )


def _program_name(process: ListedProcess) -> str:
    words = process.title.split()
    return clean(posixpath.basename(process.program or (words[0] if words else "")), 64)


def _is_foreign(process: ListedProcess, listing: Listing) -> bool:
    """Whether the process is in a container, or of a user whose programs must not be run. An
    installed program is run whoever started it."""
    trusted = (
        listing.user is None
        or process.user in {None, 0, listing.user}
        or process.program in listing.programs
    )
    return is_in_container(process.view, listing.view) or not trusted


def _services(text: str) -> tuple[ServerService, ...]:
    """Return the installed services, from the output of systemctl(1), show."""
    services = []
    for block in re.split(r"^service ?$", text, flags=re.MULTILINE):
        values = dict(re.findall(r"^service ([A-Z]\w*)=(.*)$", block, re.MULTILINE))
        name = clean(values.get("Id", ""), 100).removesuffix(".service")
        if not name or values.get("LoadState") in {None, "not-found"}:
            continue
        pid = values.get("MainPID", "")
        services.append(
            ServerService(
                name,
                clean(values.get("ActiveState", ""), 30),
                clean(values.get("UnitFileState", ""), 30),
                int(pid) if pid.isascii() and pid.isdigit() else 0,
                _journal(text, name),
                values.get("Manager") == "openrc",
            )
        )
    return tuple(services)


def _journal(text: str, name: str) -> tuple[str, ...]:
    _, _, journal = text.partition(f"\njournal {name}\n")
    lines = []
    for line in journal.splitlines()[:MAX_JOURNAL]:
        if not line.startswith(" "):
            break
        lines.append(clean(line[1:], 500))
    return tuple(lines)
