"""Observations of systemd's services that do not run, or may not do what they are for."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, ServerText, Text, Url, Word
from diagnose.model.processes import Starter
from diagnose.model.summary import Summary, counted, phrase
from diagnose.model.web_servers import Product

#: What stopped a start: the port may not be opened, another program has it, or a file of TLS may
#: not be read.
StartFailureReason = Literal["port-permission", "port-in-use", "file-permission"]


@frozen(kw_only=True, eq=False)
class ServiceFailure(Observation):
    """A service that could not start, and the line of its journal that says why, where that is
    about the target's port or a certificate's file.

    `unit` is its name without ".service", `state` systemd's word ("failed", "activating"), `user`
    the user in the unit, "" for root. `file` is the file that may not be read.
    """

    layer: ClassVar[str] = "listener"

    unit: Label
    reason: StartFailureReason
    message: Text
    state: Word = ""
    user: Label = ""
    file: FilePath = ""

    def summary(self) -> Summary:
        return f"{self.unit}.service {self.state}", self.message


#: What a unit keeps its program from: the packets of all visitors, those to and from an application
#: ("backend": the web server's unit; "front": the application's), the sockets ("start") or the
#: system calls that it needs to start.
Denied = Literal["visitors", "backend", "front", "start", "calls"]


@frozen(kw_only=True, eq=False)
class UnitDenial(Observation):
    """A setting of a unit that forbids what has failed: "IPAddressDeny=any"
    (systemd.resource-control(5)), "RestrictAddressFamilies=AF_UNIX" (systemd.exec(5)).

    `unit` is its name ("nginx.service"). `address` and `port` are the application's, "" and 0 where
    it is about visitors or a start. `message` is the line of a start that failed.
    """

    layer: ClassVar[str] = "server"

    unit: Label
    setting: Text
    denied: Denied
    address: Address = ""
    port: int = 0
    message: Text = ""

    def summary(self) -> Summary:
        return phrase("what {unit} may not do", unit=self.unit), self.setting


@frozen(kw_only=True, eq=False)
class UnitCorrection(Observation):
    """What a service that could not start needs in its unit, where this server shows it: the folder
    that holds its program's script, the place of its program, the file of its environment, the
    capability for a port below 1024, or the type of a program that does not fork.

    `unit` is its name without ".service". `wrong` is the setting as it is, `lines` are those that
    belong below [Service]. `program` is a file that the service may not run because nobody may,
    with its permissions in `mode`; then there are no lines. Nor are there any where `folder` is one
    that the unit names and that is not there, of `owner` ("" for root), or `script` a file with the
    ends of lines of Windows.
    """

    layer: ClassVar[str] = "upstream"

    unit: Label
    wrong: Text = ""
    lines: tuple[Text, ...] = ()
    program: FilePath = ""
    mode: int = 0
    folder: FilePath = ""
    owner: Label = ""
    script: FilePath = ""

    def summary(self) -> Summary:
        title = phrase("what the unit {unit} needs", unit=self.unit)
        return title, ", ".join(self.lines) or self.program or self.folder or self.script


#: What installs the packages of a project, or builds it; and the command line of a framework.
Installer = Literal[
    "pip", "npm", "yarn", "pnpm", "bundle", "composer", "artisan", "django", "rails"
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class StartNeed(Observation):
    """What the program of a service that could not start lacks, where this server shows what brings
    it: packages that its project lists, what its build makes, the right to write a path, or another
    service that does not run.

    `unit` is its name without ".service", and `name` what its own words name. `tool` is the program
    that installs or builds in `folder`, as the folder's `owner` with the home `home`; `file` is the
    list of packages or the lock. With `build` the project is built, and with `with_development` its
    packages for the build are installed. `blocked` is a path that `owner` may not write. `service`
    is the other service, without ".service".
    """

    layer: ClassVar[str] = "upstream"

    unit: Label
    name: Text = ""
    installer: Installer | None = None
    tool: FilePath = ""
    folder: FilePath = ""
    file: FilePath = ""
    owner: Label = ""
    home: FilePath = ""
    with_development: bool = False
    build: bool = False
    blocked: FilePath = ""
    service: Label = ""

    def summary(self) -> Summary:
        return phrase("what the unit {unit} needs", unit=self.unit), self.name


@frozen(kw_only=True, eq=False)
class ProgramNeed(Observation):
    """What a program lacks that runs and answers with an error, or that pm2 or supervisor starts in
    vain, by its own line `message`, where this server shows what brings it.

    `lack` is the kind of `diagnose.parsers.linux.program_lacks`, and `name` what the line names.
    `installer` to `build` and `blocked` are as in `StartNeed`; of a database of SQLite `blocked` is
    the file. `lines` belong below [Service] of the unit. `edited` is a file of which line `number`,
    `line`, should be `new`. `source` is a file that has the variable `name`. `endpoint` is where
    the program listens, "" if it does not. `unit` is its service without ".service", or `starter`
    what starts it, None for neither.
    """

    layer: ClassVar[str] = "upstream"

    program: Label
    lack: Word
    message: Text
    name: Text = ""
    endpoint: FilePath = ""
    unit: Label = ""
    is_running: bool = False
    starter: Starter | None = None
    installer: Installer | None = None
    tool: FilePath = ""
    folder: FilePath = ""
    file: FilePath = ""
    owner: Label = ""
    home: FilePath = ""
    with_development: bool = False
    build: bool = False
    blocked: FilePath = ""
    lines: tuple[Text, ...] = ()
    edited: FilePath = ""
    number: int = 0
    line: Text = ""
    new: Text = ""
    source: FilePath = ""

    def summary(self) -> Summary:
        return phrase("what {program} needs", program=self.program), self.message


#: A port of UDP, the port of Caddy's administration, or one of the site's is another program's; a
#: port below 1024; a file or folder that may not be used; an address that this machine does not
#: have; a folder for chroot(2), or for a Unix socket, that is not there; or a command in the unit
#: that leaves the server in the background (`caddy start`), so that systemd ends it.
ObstacleKind = Literal[
    "udp-port", "admin-port", "tcp-port", "low-port", "file", "folder", "address", "chroot",
    "socket-folder", "command",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class StartObstacle(Observation):
    """What the journal of a web server that does not run names as the reason, and what the server
    shows of it.

    `unit` is the service's name without ".service". `process`, `pid` and `holder` are the program
    that has the port, and its unit ("hysteria.service", "" for none); with `is_unused` it is a web
    server without a site. `user` and `group` are those
    of the web server's unit ("" for root's). `owner`, `owner_group` and `mode` are those of `path`
    (None if it is not there), or for a socket those of its folder. `bounds` is True if the unit
    lacks the capability for chroot(2), `setting` is net.ipv4.ip_nonlocal_bind, and `virtual` the
    file in which keepalived has the address. `command` is the line ExecStart= of the unit.
    """

    layer: ClassVar[str] = "server"

    product: Product
    unit: Label
    obstacle: ObstacleKind
    message: Text = ""
    path: FilePath = ""
    address: Address = ""
    port: int = 0
    process: Label = ""
    pid: int | None = None
    holder: Label = ""
    is_unused: bool = False
    user: Label = ""
    group: Label = ""
    owner: Label = ""
    owner_group: Label = ""
    mode: int | None = None
    is_folder: bool = False
    bounds: bool = False
    setting: int | None = None
    virtual: FilePath = ""
    command: Text = ""

    def summary(self) -> Summary:
        return phrase(
            "what stopped the start of {unit}", unit=self.unit
        ), self.message or self.command


@frozen(kw_only=True, eq=False)
class UnpublishedFiles(Observation):
    """Why a file of the page is missing, or the page of Django is an error without a log, by the
    project behind the site.

    `reason` is "laravel" (the link public/storage is missing, or leads to nothing: `is_broken`),
    "next" (the standalone build has no static files: they are copied from `source` to `target`, and
    the folder `public` to the one beside the program), "django" (WhiteNoise serves what
    collectstatic laid into `target`, which lacks the file) or "manifest" (the storage of static
    files has no list of them in `target`). `project` is its folder and `owner` its user; `manage`
    is the manage.py and `python` its interpreter ("" if none was found). `unit` is the service of
    the program without ".service", or `starter` what starts it, None for neither.
    """

    layer: ClassVar[str] = "upstream"

    url: Url
    reason: Word
    project: FilePath
    source: FilePath = ""
    target: FilePath = ""
    public: FilePath = ""
    is_broken: bool = False
    owner: Label = ""
    manage: FilePath = ""
    python: FilePath = ""
    unit: Label = ""
    starter: Starter | None = None

    def summary(self) -> Summary:
        return phrase("files of {project}", project=self.project), self.target


#: Why a service ended: its limit of time (systemd.service(5), "RuntimeMaxSec="), its watchdog, its
#: memory, a file that changed ("source"), gunicorn's worker that took too long or had served its
#: number of requests, an error of its own, or a plan that restarts it.
EndReason = Literal["runtime", "watchdog", "memory", "source", "worker", "crash", "plan"]


@frozen(kw_only=True, eq=False)
class ServiceEnds(Observation):
    """A service behind the site's WebSockets that ended several times in the last hours for one
    reason, which ends each WebSocket it had.

    `unit` is its name without ".service", "" for programs of pm2, which is the `manager` then;
    `endpoint` is its port. `times` is how often, `interval` the usual seconds between two ends (0
    for one), `ago` the seconds since the last. `message` is the last line that says so. `setting`
    is the one of its unit that ends it ("RuntimeMaxSec=25s"), and `restarter` the file and line of
    a plan. `command_line` is the line ExecStart= without the option by which it starts itself
    again, "" if it has none.
    """

    layer: ClassVar[str] = "websocket"

    unit: Label
    endpoint: Word
    reason: EndReason
    times: int
    manager: Word = "systemd"
    interval: int = 0
    ago: int = 0
    message: Text = ""
    setting: Text = ""
    restarter: Text = ""
    command_line: Text = ""

    def summary(self) -> Summary:
        return self.unit or self.manager, counted(
            "ended {count} time", "ended {count} times", self.times
        )


#: Where a plan stands: a table of cron or what it starts, a timer, logrotate, unattended-upgrades.
PlanSource = Literal["job", "script", "folder", "timer", "rotate", "upgrades"]


@frozen(kw_only=True, eq=False)
class PlannedRestart(Observation):
    """What this server ends by a plan, of what serves the site (crontab(5), systemd.timer(5),
    logrotate(8)).

    `command` is the line that ends it, at `file`:`line` ("" and 0 for a timer), `text` the file's
    text, and `plan` where the time stands. `ended` are names of services, or "containers", "pm2",
    "machine". `minutes` are those of a day at which it runs, at most 24 of them, `interval` the
    seconds between two runs. `stops`: it stops the service, for a time. `is_alone`: the line does
    nothing else.
    """

    layer: ClassVar[str] = "host"

    command: Text
    source: PlanSource
    ended: tuple[Label, ...]
    file: FilePath = ""
    line: int = 0
    text: ServerText = ""
    plan: Text = ""
    minutes: tuple[int, ...] = ()
    interval: int = 0
    stops: bool = False
    is_alone: bool = False

    def summary(self) -> Summary:
        return phrase("what a plan restarts"), self.command
