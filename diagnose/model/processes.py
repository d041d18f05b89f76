"""The processes that hold a listening socket, and those that lead visitors to one through a tunnel.
They are read only after a failure, or where two programs share a port."""

from typing import ClassVar

from diagnose.model import Observation, Subject
from diagnose.model.frozen import frozen
from diagnose.model.marks import CommandLine, FilePath, HostName, Label, Word
from diagnose.model.summary import Summary, phrase


@frozen
class Holder:
    """A process that holds a listening socket. `state` is from proc_pid_stat(5): "T" is stopped by
    a signal, "t" by a debugger, "D" waits for a disk."""

    pid: int
    name: Label
    state: Word

    @property
    def is_stopped(self) -> bool:
        return self.state in {"T", "t"}


@frozen(kw_only=True, eq=False)
class PortHolders(Observation):
    """The processes that hold a listening TCP port."""

    layer: ClassVar[str] = "listener"

    port: int
    holders: tuple[Holder, ...] = ()

    @property
    def shows_fault(self) -> bool:
        return any(holder.is_stopped for holder in self.holders)

    def summary(self) -> Summary:
        holders = tuple(
            f"{holder.name} {holder.pid} {holder.state}" for holder in self.holders[:12]
        )
        return phrase("processes of port {port}", port=self.port), holders


@frozen
class RunningProgram:
    """A program that listens: its process, when it started, its folder and its file, and the file
    among those that it read at its start that changed last (seconds since the epoch).

    `is_folder_gone` and `is_file_gone` are True if somebody has deleted them since. `service` is
    its systemd service, "" if none.
    """

    pid: int
    name: Label
    started: float
    folder: FilePath = ""
    file: FilePath = ""
    command: CommandLine = ""
    service: Label = ""
    changed_file: FilePath = ""
    changed: float | None = None
    is_folder_gone: bool = False
    is_file_gone: bool = False

    @property
    def title(self) -> str:
        return self.service.removesuffix(".service") or f"{self.name} (pid {self.pid})"

    @property
    def is_older_than_its_file(self) -> bool:
        """Whether the file changed after the start, with some seconds for the start itself."""
        return self.changed is not None and self.changed > self.started + _STARTING


#: Seconds in which a program that starts may write its own files.
_STARTING = 5


@frozen(kw_only=True, eq=False)
class RunningPrograms(Observation):
    """The programs that listen at an endpoint of the page's application, without their workers.
    Two of them share its connections (socket(7), SO_REUSEPORT)."""

    layer: ClassVar[str] = "upstream"

    endpoint: FilePath
    programs: tuple[RunningProgram, ...] = ()

    @property
    def shows_fault(self) -> bool:
        return len(self.programs) > 1 or any(
            program.is_folder_gone or program.is_older_than_its_file for program in self.programs
        )

    def summary(self) -> Summary:
        programs = tuple(f"{program.name} {program.pid}" for program in self.programs[:12])
        return phrase("programs of {endpoint}", endpoint=self.endpoint), programs


@frozen(kw_only=True, eq=False)
class TunnelClient(Observation):
    """A program that lets visitors in through a tunnel, and one of the places it passes them on to:
    `host` and `port`. `names` are the site's names by its configuration, () if it has none. `file`
    is the configuration, "" for the command line."""

    layer: ClassVar[str] = "server"

    program: Label
    pid: int
    host: HostName
    port: int
    names: tuple[HostName, ...] = ()
    file: FilePath = ""

    def summary(self) -> Summary:
        peer = str(Subject(address=self.host, port=self.port))
        return f"{self.program} ({self.pid})", phrase("passes visitors on to {peer}", peer=peer)
