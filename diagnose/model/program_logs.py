"""Observations of what the programs behind a site wrote about themselves, made after it failed."""

from typing import ClassVar, Literal

from diagnose.model import Observation, Subject
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    FilePath,
    HostName,
    Label,
    ServerText,
    Text,
    UrlPath,
    Word,
)
from diagnose.model.processes import Starter as ProcessStarter
from diagnose.model.summary import Summary, counted, phrase

#: How much a line tells: an exception or a fatal error (3), something refused or missing (2), a
#: warning (1).
Weight = Literal[1, 2, 3]


#: What Tomcat throws where the fields of a response do not fit into its buffer
#: (org.apache.coyote.http11.Http11OutputBuffer).
HEADERS_TOO_LARGE = "HeadersTooLargeException"
#: What is not observed (`Unseen.what`) where the list of the services did not come in time.
SERVICES_LIST = "the services that failed"


@frozen(kw_only=True, eq=False)
class ProgramLine(Observation):
    """The line that says most of what the program behind a path wrote while this run asked for it,
    "" if none tells anything.

    `endpoint` is the program's port or its Unix socket, `process` its name. `setting` is that of
    the program's unit which forbids what the line says has failed ("ProtectSystem=strict"), "" if
    none does, and `unit` the unit then. `equivalent` shows the log.
    """

    layer: ClassVar[str] = "upstream"

    message: Text
    weight: Weight
    endpoint: FilePath
    process: Label = ""
    setting: Text = ""
    unit: Label = ""

    def summary(self) -> Summary:
        return self.process or self.endpoint, self.message


@frozen(kw_only=True, eq=False)
class ProgramBan(Observation):
    """The program behind the site keeps an address out: by the page that this run got, or by a
    line of its log that says so (`source`).

    `limit` names the words (`parsers.program_limits`), and `address` is the one that they name, ""
    for none. `list_file` is the file in which the program keeps its bans, if it has the address,
    and `list_text` its text. `endpoint`, `process`, `unit`, `container`, `engine` and `starter` are
    the program.
    """

    layer: ClassVar[str] = "upstream"

    limit: Word
    message: Text
    endpoint: FilePath
    source: Literal["log", "page"]
    process: Label = ""
    address: Address = ""
    list_file: FilePath = ""
    list_text: ServerText = ""
    unit: Label = ""
    container: Label = ""
    engine: Word = ""
    starter: ProcessStarter | None = None

    def summary(self) -> Summary:
        return self.process or self.endpoint, self.message


@frozen(kw_only=True, eq=False)
class PendingConnection(Observation):
    """A connection that the program behind a path opens while visitors wait, and that got no reply
    for a second or more (tcp(7), SYN-SENT); with `is_dns` a question to a name server.

    `endpoint` is the program's own port or Unix socket, `process` and `pid` the program; `address`
    and `port` are where it connects to. `setting` is that of the program's unit which forbids the
    address ("IPAddressDeny=any"), "" if none does, and `unit` the unit then.
    """

    layer: ClassVar[str] = "upstream"

    endpoint: FilePath
    process: Label
    pid: int
    address: Address
    port: int
    is_dns: bool = False
    setting: Text = ""
    unit: Label = ""

    def summary(self) -> Summary:
        peer = str(Subject(address=self.address, port=self.port))
        return f"{self.process} ({self.pid})", phrase("waits for {peer}", peer=peer)


#: What starts a program: a program of supervisor, a service that does not run, the list that pm2
#: saved, a unit of a user's own systemd (systemd.unit(5), "--user"), a file for pm2, one of Docker
#: Compose, or a folder with a package.json: one that names the port, or the only other one.
Starter = Literal["supervisor", "unit", "saved", "user", "ecosystem", "compose", "project", "other"]


@frozen(kw_only=True, eq=False)
class StartFile(Observation):
    """What on this server may start the program of a port on which nothing listens: the only one of
    its kind that names the port, or the only project where none does. `path` is a file or a folder,
    of supervisor the program's name. `owner` is the user who has it, and `script` that of npm.
    `has_pm2` is whether pm2 is used here.

    Of the owner: `home` and the number `user_id`, `lingers` if their units run without a session
    (loginctl(1), "enable-linger"), `is_up` if the manager that keeps the program runs: pm2,
    supervisor or that user's systemd; and `boots` if systemd starts pm2 with the server. `tool` is
    the program of pm2, or that of npm where pm2 is not used; of supervisor it is its unit, if
    supervisor does not run."""

    layer: ClassVar[str] = "upstream"

    port: int
    starter: Starter
    path: FilePath
    owner: Label = ""
    script: Word = ""
    has_pm2: bool = False
    home: FilePath = ""
    user_id: int = 0
    lingers: bool = False
    is_up: bool = False
    boots: bool = False
    tool: FilePath = ""

    def summary(self) -> Summary:
        return self.path, phrase("may start the program of port {port}", port=self.port)


#: What starts a program and keeps its log.
Manager = Literal["systemd", "pm2", "supervisor"]


@frozen(kw_only=True, eq=False)
class FailedUnit(Observation):
    """A service that failed, is started again and again, does not run, or runs and does not listen
    where it should; and the line that says most in its journal, "" if none tells anything. Or a
    program of pm2 or supervisor that wrote an error in the last minutes: `unit` is its name there.

    `state` is systemd's word ("failed", "activating", "inactive", "active"), "" for other managers.
    `endpoint` is where the application should listen: a port or a Unix socket. `names_endpoint` is
    True if the unit, a file of its environment or its journal names it, and `is_local` for a unit
    that an administrator wrote (systemd.unit(5), "/etc/systemd/system"). `file_state` is
    systemctl's UnitFileState, "masked" for what cannot be started, "invalid" for a unit that
    systemd cannot read. `sub_state` is systemd's finer word ("exited": active without a process).
    `ports` are those on which the unit's processes listen, and `age` the seconds since it became
    active, None if it is not. `restarts` counts the restarts of the last ten minutes.
    `has_own_network` is PrivateNetwork= or NetworkNamespacePath= (systemd.exec(5)). `port_in_use`
    is True if the last start found the endpoint's port taken. `is_open` is True if a program
    listens at the endpoint all the same. `setting` is that of the unit which forbids what the
    message says has failed, "" if none. `copy` is the process that listens at the endpoint, if it
    is the service's own program, with the same arguments in the same folder, which somebody started
    by hand; 0 otherwise. `holder` is the other service whose process has the port, without
    ".service", "" if it is none.
    """

    layer: ClassVar[str] = "upstream"

    unit: Label
    state: Word
    endpoint: FilePath
    message: Text = ""
    names_endpoint: bool = False
    is_local: bool = False
    manager: Manager = "systemd"
    file_state: Word = ""
    sub_state: Word = ""
    ports: tuple[int, ...] = ()
    age: float | None = None
    restarts: int = 0
    has_own_network: bool = False
    port_in_use: bool = False
    is_open: bool = False
    setting: Text = ""
    copy: int = 0
    holder: Label = ""

    @property
    def has_failed(self) -> bool:
        """Whether it failed or is started again; other managers have told an error."""
        return self.state not in {"inactive", "active"} or self.restarts > 0

    @property
    def title(self) -> str:
        """The program's name and state in the words of what starts it."""
        if self.manager != "systemd":
            return f"{self.manager} {self.unit}"
        return f"{self.unit}.service {self.state}"

    def summary(self) -> Summary:
        return self.title, self.message


@frozen(kw_only=True, eq=False)
class ServedAddress(Observation):
    """An address at which a program says that it serves, with a place for a name in its path
    (`words`: "http://127.0.0.1:9000/hooks/{id}"), by what it wrote when it started. Nothing is
    asked for below it. `port` is the program's own.
    """

    layer: ClassVar[str] = "upstream"

    port: int
    words: Text

    def summary(self) -> Summary:
        return phrase("program on port {port}", port=self.port), self.words


@frozen(kw_only=True, eq=False)
class ProgramRefusal(Observation):
    """A request that the program refused which has the target's port, or which a web server passes
    the target's path on to, by its own log: its method and path, without its query, and the status.
    Where the log has the words of a framework alone, method and path are "", and the status is the
    one that a person tells.

    `endpoint` is the program's port or its Unix socket. `process` is the name of the program, or of
    its container; `message` is the last such line, and `times` the number of lines about the same
    method and path.
    """

    layer: ClassVar[str] = "server"

    endpoint: FilePath
    process: Label
    method: Word
    path: UrlPath
    status: int
    message: Text
    times: int = 1

    def summary(self) -> Summary:
        times = counted("{count} time", "{count} times", self.times)
        if not self.method:
            return self.process, (self.message, times)
        subject = phrase("request {method} {path}", method=self.method, path=self.path)
        return subject, (str(self.status), times)


@frozen(kw_only=True, eq=False)
class ToldReason(Observation):
    """Why requests failed, by a line of the log of the program behind the site, where the server
    still is as the line says. `source` is where the line stands: in the log, in the message that a
    person pasted, or on the page.

    `reason` is "variable", "option" or "list" for a setting `name` that wants the `value`; "denied"
    for a `path` which the user of the program may not use as `access` says ("open" if the line does
    not tell whether it was read or written), or the folder on its way (`blocked`) which that user
    may not enter (`enters`); "absent" for a path that is not there; "unreached" for
    a `host` and `port` of this machine at which nothing listens, `service` the unit that should.
    `elsewhere` are the addresses at which a program listens at that port all the same, `service`
    its unit then, and `command_lines` the command of the unit at the wanted address, () if it
    cannot be written.
    `owner` is the mode and the owner of the blocked path, `user` the program's, and `group` the
    number of its group.

    `endpoint`, `process`, `unit`, `container` and `engine` are the program. `file`, `number`,
    `line`, `new`, `added` and `load` are an edit, as those of `ReadSetting`.
    """

    layer: ClassVar[str] = "upstream"

    reason: Literal["variable", "option", "list", "denied", "absent", "unreached"]
    message: Text
    endpoint: FilePath
    source: Literal["log", "message", "page"] = "log"
    process: Label = ""
    name: Text = ""
    value: Text = ""
    path: FilePath = ""
    blocked: FilePath = ""
    enters: bool = False
    access: Literal["write", "read", "open"] = "write"
    owner: Text = ""
    user: Label = ""
    group: Word = ""
    host: HostName = ""
    port: int = 0
    service: Label = ""
    elsewhere: tuple[Address, ...] = ()
    command_lines: tuple[Text, ...] = ()
    unit: Label = ""
    container: Label = ""
    engine: Word = ""
    file: FilePath = ""
    number: int = 0
    line: Text = ""
    new: Text = ""
    added: bool = False
    load: tuple[Text, ...] = ()

    def summary(self) -> Summary:
        return self.process or self.endpoint, self.message
