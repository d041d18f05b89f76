"""Observations of automatic certificate renewal on the server."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Body, CommandLine, DomainName, FilePath, Label, ServerText, Word
from diagnose.model.summary import Summary, phrase

#: Below this path of a site an authority looks for the file of a challenge (RFC 8555 section 8.3).
CHALLENGES = "/.well-known/acme-challenge/"
#: A challenge for which the rules of a server are read: they may not tell one from another.
ANY_CHALLENGE = f"{CHALLENGES}diagnose"
#: One whose file the client has written: conditions about files hold for it alone.
WRITTEN_CHALLENGE = f"{CHALLENGES}written"


@frozen(kw_only=True, eq=False)
class RenewalFailure(Observation):
    """A failed last run of a renewal tool, according to its log or to systemd.

    `tool` is "certbot", "acme.sh", "dehydrated" or "lego"; `source` is the log, or the command that
    shows its journal; `unit` is the failed systemd service, "" if only the log reports the failure.
    `names` are the names that the tool could not renew, () if it lists none. `message` is the
    tool's own error, `status` what the authority got for the file of a challenge (0 if the message
    names none), `when` the time of that run in seconds since the epoch, None if unknown.
    Searched only if a certificate has expired or will soon, or if the message of an ACME client was
    pasted.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    source: CommandLine
    unit: Label = ""
    names: tuple[DomainName, ...] = ()
    message: Body = ""
    status: int = 0
    when: float | None = None

    def summary(self) -> Summary:
        return self.tool, self.message or phrase("failed: {source}", source=self.source)


@frozen(kw_only=True, eq=False)
class ChallengeFolder(Observation):
    """Where a renewal tool writes the files that answer HTTP-01 challenges for a name (certbot's
    webroot_map, acme.sh's Le_Webroot): below `folder`, in .well-known/acme-challenge.

    `source` is the tool's file of settings. `same_as` are the folders of nginx's configuration, as
    they are written there, that are the same folder: by a symbolic link or a mount. Searched as a
    RenewalFailure is.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    source: FilePath
    name: DomainName
    folder: FilePath
    same_as: tuple[FilePath, ...] = ()

    def summary(self) -> Summary:
        return f"{self.tool} {self.name}", self.folder


@frozen(kw_only=True, eq=False)
class ChallengeAlias(Observation):
    """The folder into which dehydrated writes the files of challenges themselves, without
    .well-known/acme-challenge below it (WELLKNOWN, dehydrated's docs/wellknown.md).

    `source` is its file of settings, `names` are the names of its certificates
    (domains.txt). Searched as a RenewalFailure is.
    """

    layer: ClassVar[str] = "certificate"

    source: FilePath
    folder: FilePath
    names: tuple[DomainName, ...] = ()

    def summary(self) -> Summary:
        return self.source, self.folder


@frozen(kw_only=True, eq=False)
class RenewalAuthority(Observation):
    """Which authority a renewal tool asks for a certificate: the host of its ACME directory
    (certbot's `server`, acme.sh's Le_API).

    `name` is the tool's name of the certificate, `source` its file of settings. `over_dns` is True
    if it answers challenges by records of DNS (DNS-01), so that port 80 does not matter. Searched
    as a RenewalFailure is.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    source: FilePath
    name: DomainName
    host: Word
    over_dns: bool = False

    def summary(self) -> Summary:
        return f"{self.tool} {self.name}", self.host


@frozen(kw_only=True, eq=False)
class OwnServerRenewal(Observation):
    """A renewal tool answers HTTP-01 challenges with a server of its own (certbot's "standalone",
    acme.sh's `--standalone`, lego's `--http`), and needs `port` for it.

    `stopped_by` is what stops the web server meanwhile: the tool's settings, or a file that starts
    it; "" if neither was found. `plugins` are the web servers for which the tool has a plugin here
    ("nginx", "apache"); `folder` is a folder of a web server's files, "" if none is there.
    `command` is lego's whole command, which keeps no settings, as `source` has it. Searched as a
    RenewalFailure is.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    source: FilePath
    name: DomainName
    port: int = 80
    stopped_by: FilePath = ""
    plugins: tuple[Word, ...] = ()
    folder: FilePath = ""
    command: CommandLine = ""

    def summary(self) -> Summary:
        return f"{self.tool} {self.name}", str(self.port)


#: Why what should start a renewal tool does not. timer-off, timer-masked: systemd does not.
#: no-daemon: no program reads the tables of cron. not-executable, dotted: run-parts leaves the
#: script out, or cron the file. mode, owner: cron takes no such file. newline: Debian's cron takes
#: no file whose last line has no end. no-user: the sixth field of a table of the system is a user;
#: user: in a user's own table it is the command. path: cron does not find the program by its name.
#: gone: the program is not there. rare: it runs once a month, or less. "" is none.
StartFault = Literal[
    "", "timer-off", "timer-masked", "no-daemon", "not-executable", "dotted", "mode", "owner",
    "newline", "no-user", "user", "path", "gone", "rare",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class RenewalStart(Observation):
    """What should start a renewal tool by itself: a timer of systemd, a line of cron, or a script
    in a folder of cron (/etc/cron.daily).

    `source` is the unit or the file, `line` the number of the line in it, 0 if it has none, and
    `text` that line. `fault` says why it does not start the tool. `program` is where the tool is,
    if the line looks elsewhere; `unit` is the service of cron. `mode` are the permissions of the
    file. Searched only for a certificate that should have been renewed.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    source: FilePath
    line: int = 0
    text: ServerText = ""
    fault: StartFault = ""
    program: FilePath = ""
    unit: Label = ""
    mode: int = 0

    def summary(self) -> Summary:
        return f"{self.tool} {self.source}", self.fault or phrase("starts it")


@frozen(kw_only=True, eq=False)
class RenewalSchedule(Observation):
    """Whether something starts a renewal tool by itself: everything that should is a RenewalStart.

    `last_run` is when the tool last wrote its log, None if it wrote none; `booted` is when this
    server last started (both in seconds since the epoch). `is_complete` is False if something else
    may start the tool: a table of cron that may not be read, a container, or a panel. `program` is
    the tool's own program, "" if it was not found. `has_systemd` and `has_cron` (which
    reads /etc/cron.d) say what could start it.
    `by_hand` are the names of certificates that a person has to renew, because a person writes what
    proves the name. Searched as a RenewalStart is.
    """

    layer: ClassVar[str] = "certificate"

    tool: Word
    last_run: float | None = None
    booted: float | None = None
    is_complete: bool = True
    program: FilePath = ""
    has_systemd: bool = False
    has_cron: bool = False
    by_hand: tuple[DomainName, ...] = ()

    def summary(self) -> Summary:
        if self.last_run is None:
            return self.tool, phrase("no log of a run")
        from datetime import UTC, datetime

        day = datetime.fromtimestamp(self.last_run, UTC).date().isoformat()
        return self.tool, phrase("last run {date}", date=day)
