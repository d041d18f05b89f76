"""The processes that hold a listening socket, and those that lead visitors to one through a tunnel.
They are read only after a failure, or where two programs share a port; so are the files of TLS that
a program names."""

import posixpath
from typing import ClassVar, Literal

from diagnose.model import Observation, Subject
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    CommandLine,
    Digest,
    FilePath,
    HostName,
    Label,
    ServerText,
    Text,
    Url,
    Word,
)
from diagnose.model.summary import Summary, phrase
from diagnose.model.tls import Certificate


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


#: What starts a program again: a manager of processes, its own signal, the process above it (a loop
#: of a shell), or the command line by which it runs.
StarterKind = Literal[
    "pm2", "supervisor", "runit", "s6", "openrc", "monit", "signal", "parent", "command"
]  # fmt: skip


@frozen
class Starter:
    """What starts a program of this machine again that no service of systemd has.

    `endpoint` is the port or the Unix socket at which it listens, and `digest` the checksum and the
    size of its arguments (cksum(1)), by which it is known again. `name` is what the manager calls
    it, or the signal ("HUP"). `tool` is the path of pm2, `home` its folder, the configuration of
    supervisord or the folder of the service, and `user` whose pm2 or whose program it is. `words`
    are its command line, `group` the number of its group, `folder` where it runs, and `output` the
    file that gets its output, "" for a terminal or a pipe.
    """

    kind: StarterKind
    endpoint: FilePath
    digest: Word = ""
    name: Label = ""
    tool: FilePath = ""
    home: FilePath = ""
    user: Label = ""
    words: tuple[Text, ...] = ()
    group: Word = ""
    folder: FilePath = ""
    output: FilePath = ""


@frozen
class RunningProgram:
    """A program that listens: its process, when it started, its folder and its file, and the file
    among those that it read at its start that changed last (seconds since the epoch).

    `is_folder_gone` and `is_file_gone` are True if somebody has deleted them since. `service` is
    its systemd service, "" if none, and `starter` what starts it again then, None if unknown.
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
    starter: Starter | None = None

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
    `host` and `port`. `names` are the site's names by its configuration, () if it has none, and
    `protocol` is what the place is for ("" if that is not written). `file` is the configuration, ""
    for the command line.

    `line` is the line of the file with the port, which stands there once, and `names_line` that of
    a list to which a name can be added; 0 if there is none. `unit` is the service of systemd that
    runs the program, "" if none does or if it is in a container, and `unit_line` the line of its
    unit file in /etc/systemd/system with the port, if `file` is "".
    """

    layer: ClassVar[str] = "server"

    program: Label
    pid: int
    host: HostName
    port: int
    names: tuple[HostName, ...] = ()
    protocol: Literal["", "http", "https", "tcp"] = ""
    file: FilePath = ""
    line: int = 0
    names_line: int = 0
    unit: Label = ""
    unit_line: int = 0

    def summary(self) -> Summary:
        peer = str(Subject(address=self.host, port=self.port))
        return f"{self.program} ({self.pid})", phrase("passes visitors on to {peer}", peer=peer)


@frozen(kw_only=True, eq=False)
class TunnelService(Observation):
    """A service of systemd that starts the client of a tunnel. `state` is its ActiveState and
    `unit_state` its UnitFileState (systemctl(1)). `file` is the configuration of the client, ""
    for its command line, and `names` are the site's names by it, () if it has none.

    `refusal` is why the client has no connection by its own log, whose line is `line`: who it is
    ("login"), a port or a name that another client has ("taken"), a kind that the other end does
    not offer ("kind"), or something else ("other"); "" if the log tells of none.
    """

    layer: ClassVar[str] = "server"

    program: Label
    unit: Label
    state: Word = ""
    unit_state: Word = ""
    file: FilePath = ""
    names: tuple[HostName, ...] = ()
    refusal: Literal["", "login", "taken", "kind", "other"] = ""
    line: Text = ""

    def summary(self) -> Summary:
        return self.unit, self.line or self.state


@frozen(kw_only=True, eq=False)
class TunnelRule(Observation):
    """What cloudflared does with the target's page, by the rule that it gets (`ingress`).

    `service` is the address to which the rule leads, `name` the host name that it has ("" for a
    rule for all names), and `names` are those of all rules. `status` is the status that the rule
    answers itself, None if it passes visitors on. `server_name` is the name that the application's
    certificate must have, `is_unverified` whether it is not looked at, and `host_header` the Host
    that is sent in place of the visitors'.

    `file` is the configuration with its `text`, "" if it is kept in Cloudflare's dashboard. `line`
    is that of `service:`, `origin_line` that of `originRequest:` (0 without one, -1 in another
    form); `column` and `origin_column` are where the keys begin there. `is_outdated` is whether the
    file says something else than what cloudflared runs with.

    `unit` is the systemd unit of the process, `container` its container. `is_apart` is whether it
    has a network of its own, of which `ports` are those that listen.
    """

    layer: ClassVar[str] = "server"

    program: Label
    pid: int
    unit: Label = ""
    container: Label = ""
    file: FilePath = ""
    text: ServerText = ""
    name: HostName = ""
    names: tuple[HostName, ...] = ()
    service: Url = ""
    status: int | None = None
    server_name: HostName = ""
    is_unverified: bool = False
    host_header: HostName = ""
    line: int = 0
    column: int = 0
    origin_line: int = 0
    origin_column: int = 0
    is_outdated: bool = False
    is_apart: bool = False
    ports: tuple[int, ...] = ()

    def summary(self) -> Summary:
        subject = phrase("the rule of {program} ({pid})", program=self.program, pid=self.pid)
        return subject, self.service


@frozen
class NamingLine:
    """A line of a program's unit, settings or source that names a file of TLS: the file, the number
    of the line, its text, and the words in it that are the path. `unended` if it is the last of its
    file, without an end."""

    file: FilePath
    number: int
    text: Text
    named: Text
    unended: bool = False

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}"


@frozen(kw_only=True, eq=False)
class ProgramCertificate(Observation):
    """A file with a certificate of the target's name that the program on its port names.

    `chain` are the file's certificates in its order. `key` is the file with the private key of the
    first one that the program names too, which may be the same file; "" if there is none. `lines`
    are the lines that name `path`. `unit` is the program's systemd service, "" if it has none, and
    `starter` what starts it again then.
    """

    layer: ClassVar[str] = "certificate"

    path: FilePath
    real: FilePath = ""
    chain: tuple[Certificate, ...] = ()
    publics: tuple[Digest, ...] = ()
    key: FilePath = ""
    lines: tuple[NamingLine, ...] = ()
    process: Label = ""
    unit: Label = ""
    starter: Starter | None = None

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    def summary(self) -> Summary:
        place = self.lines[0].place if self.lines else self.process
        return self.path, f"{place}: {self.chain[0].sha256[:16] if self.chain else ''}"
