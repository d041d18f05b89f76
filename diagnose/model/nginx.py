"""Observations of nginx on the server and of the applications behind it."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    ConfigText,
    Digest,
    FilePath,
    HostName,
    Label,
    NginxMessage,
    NginxOptions,
    Text,
    Url,
    UrlPath,
    Word,
)
from diagnose.model.summary import (
    Summary,
    answer_phrase,
    application_phrase,
    counted,
    phrase,
    socket_text,
)
from diagnose.model.tls import Certificate

DirectiveEnd = Literal[";", "{", "}", ""]

#: Statements from which on a list is a long run (`Directive.run`).
MIN_RUN = 500


@frozen
class Directive:
    """A configuration directive, its position (`line` and `column` count from 1) and, for a block,
    the directives inside.

    In the file's text it begins at offset `start` and ends before `stop`; `opened` is the offset
    after the "{" of a block. `end` is the token that ended it: ";" or "{", "}" if the last
    semicolon of a block is missing, "" at the end of the file. `run` are the statements of a long
    list of which this one is the first (`parsers.nginx.long_runs`).
    """

    name: ConfigText
    args: tuple[ConfigText, ...]
    file: FilePath
    line: int
    block: tuple["Directive", ...] | None = None
    column: int = 1
    start: int = 0
    stop: int = 0
    opened: int = 0
    end: DirectiveEnd = ";"
    run: tuple["Directive", ...] = ()

    @property
    def text(self) -> str:
        """The name and the parameters with a blank between them: `location /api`."""
        return " ".join((self.name, *self.args))


@frozen
class ConfigFile:
    """A configuration file: its text and modification time (seconds since the epoch). `real` is the
    resolved path if `path` is a link, otherwise ""."""

    path: FilePath
    text: ConfigText
    changed: float | None = None
    real: FilePath = ""


#: A configuration: its directives and its files are masked together, because the positions of the
#: directives are offsets in the files.
Directives = Annotated[tuple[Directive, ...], "configuration"]
ConfigFiles = Annotated[tuple[ConfigFile, ...], "configuration"]


@frozen(kw_only=True, eq=False)
class NginxBuild(Observation):
    """`nginx -V`: the version and how the binary was configured."""

    layer: ClassVar[str] = "nginx"

    binary: FilePath
    version: Word = ""
    arguments: tuple[Text, ...] = ()
    config: FilePath = ""
    prefix: FilePath = ""

    @property
    def has_ssl(self) -> bool:
        return "--with-http_ssl_module" in self.arguments

    def summary(self) -> Summary:
        return self.binary, self.version


@frozen(kw_only=True, eq=False)
class NginxProcess(Observation):
    """A running nginx master process, with its own binary, arguments and configuration (proc(5)).

    `started` and `loaded` are when it started and when it last loaded its configuration (seconds
    since the epoch). `loaded` is the start of the oldest worker that is not shutting down: a reload
    replaces all workers, and a crashed worker restarts with the old configuration. `foreign` is
    True if its program and options must not be used: it is in a container, which sees other files,
    or belongs to a user other than root and ours. `user` is the numeric user it runs as, and
    `worker_user` that of its workers, None if there is none or not one for all. `private`
    are the folders in which it sees other files than we do (PrivateTmp=, ProtectHome= of
    systemd.exec(5)). `unit` is its systemd unit ("nginx.service", or "session-3.scope" for a
    login), "" if unknown. `container` are the words before a command that runs it in the master's
    container ("docker", "exec", "web"), () if it is in none or was not entered.
    """

    layer: ClassVar[str] = "nginx"

    pid: int
    binary: FilePath
    arguments: NginxOptions = ()
    config: FilePath = ""
    started: float | None = None
    loaded: float | None = None
    workers: tuple[int, ...] = ()
    foreign: bool = False
    user: int | None = None
    worker_user: int | None = None
    private: tuple[FilePath, ...] = ()
    unit: Label = ""
    container: tuple[Text, ...] = ()

    def summary(self) -> Summary:
        return phrase("nginx process {pid}", pid=self.pid), self.binary


@frozen(kw_only=True, eq=False)
class NginxState(Observation):
    """The complete list of nginx masters: one that is not in `masters` does not run. The first is
    the one that has the target's port. `programs` are the installed programs; the first is the one
    that a shell finds by name."""

    layer: ClassVar[str] = "nginx"

    installed: bool
    masters: tuple[NginxProcess, ...] = ()
    programs: tuple[FilePath, ...] = ()

    def summary(self) -> Summary:
        if self.masters:
            pids = tuple(str(master.pid) for master in self.masters)
            return "nginx", phrase("running, pid {pids}", pids=pids)
        return "nginx", phrase("not running") if self.installed else phrase("not installed")

    @property
    def shows_absence(self) -> bool:
        return not self.installed and self.failure is None

    @property
    def own_masters(self) -> tuple[NginxProcess, ...]:
        """The masters of this machine itself: not those of containers or of untrusted users."""
        return tuple(master for master in self.masters if not master.foreign)


@frozen
class TestMessage:
    """A line of `nginx -t`: level ("emerg", "warn"), text, and its file and line, if it names
    any."""

    level: Word
    text: NginxMessage
    file: FilePath | None = None
    line: int | None = None

    @property
    def words(self) -> str:
        """The text without the line number: an edit moves the lines below it."""
        return self.text.removesuffix(f":{self.line}")


def fatal(messages: Iterable[TestMessage]) -> TestMessage | None:
    """Return the first message that stops nginx: level emerg, alert or crit; None if there is
    none."""
    levels = {"emerg", "alert", "crit"}
    return next((message for message in messages if message.level in levels), None)


@frozen(kw_only=True, eq=False)
class NginxTest(Observation):
    """`nginx -t`: whether the configuration on disk would load, and nginx's messages.

    `keeps_owners`: it was run without the right to change owners, because the workers that run
    have another user than the configuration names. `former` are the files that may have been the
    one that the first message says is not there.
    """

    layer: ClassVar[str] = "nginx"

    binary: FilePath
    passed: bool
    messages: tuple[TestMessage, ...] = ()
    config: FilePath = ""
    keeps_owners: bool = False
    former: tuple[FilePath, ...] = ()

    @property
    def fatal(self) -> TestMessage | None:
        """The message that stops nginx, if any."""
        return fatal(self.messages)

    def summary(self) -> Summary:
        first = self.messages[0].text if self.messages else ""
        return "nginx -t", first or (phrase("passed") if self.passed else phrase("failed"))


@frozen(kw_only=True, eq=False)
class NginxConfig(Observation):
    """The configuration on disk, with includes: what nginx would load now.

    `main` are the top-level directives; every include is replaced by its content. `files` are the
    source texts, in the order in which nginx reads them.
    """

    layer: ClassVar[str] = "nginx"

    path: FilePath
    main: Directives = ()
    files: ConfigFiles = ()

    def file(self, path: str) -> ConfigFile | None:
        return next((file for file in self.files if file.path == path), None)

    def summary(self) -> Summary:
        return self.path, counted("{count} file read", "{count} files read", len(self.files))


@frozen(kw_only=True, eq=False)
class InnerNginx(Observation):
    """The nginx of this machine behind Apache, Caddy, HAProxy or another program, which has the
    target's port or lets visitors in through a tunnel, or behind another machine, which ends TLS
    and asks over http ("proxy"): observed after visitors got no page or no
    WebSocket, after a message, or where a log has a request that failed. Or a server block of nginx
    behind another one, if it answers the page with an error itself; then `product` is "nginx".

    `port` and `address` are where nginx gets their requests, and `host` the Host field in them
    without its port. `product` is the server in front, and `file` and `line` where it passes
    requests on. `tls` is True if it speaks TLS to nginx.
    """

    layer: ClassVar[str] = "nginx"

    port: int
    address: Address
    host: HostName
    product: Word
    file: FilePath = ""
    line: int = 0
    tls: bool = False

    @property
    def is_own_block(self) -> bool:
        """Whether the server in front is the same nginx."""
        return self.product == "nginx"

    @property
    def is_behind_machine(self) -> bool:
        """Whether another machine asks, whose program is not known."""
        return self.product == "proxy"

    def summary(self) -> Summary:
        place = socket_text(self.address, self.port)
        return place, phrase("nginx behind {server}", server=self.product)


@frozen(kw_only=True, eq=False)
class ContainerNginx(Observation):
    """The configuration of an nginx in a container to which the web server that visitors reach
    passes requests on: observed after a message, where a page or a redirect names the site with
    http, or where a request failed.

    `endpoints` are the addresses, with their ports, at which that one reaches it, and `port` is the
    one in the container. `main` and `files` are as in `NginxConfig`; each path in them has the
    container's name in front, as in "docker cp" ("web:/etc/nginx/nginx.conf"). `pid` is a process
    of the container. `mounts` are its folders that are the server's: the path in there, the path on
    the server, and whether another file has taken that name since.
    """

    layer: ClassVar[str] = "nginx"

    engine: Word = ""
    container: Label
    endpoints: tuple[tuple[Address, int], ...]
    port: int
    main: Directives = ()
    files: ConfigFiles = ()
    pid: int = 0
    mounts: tuple[tuple[FilePath, FilePath, bool], ...] = ()

    def summary(self) -> Summary:
        return phrase("nginx in the container {name}", name=self.container), counted(
            "{count} file read", "{count} files read", len(self.files)
        )


@frozen(kw_only=True, eq=False)
class ContainerPage(Observation):
    """The page of a single-page application in the folder of an nginx in a container, where that
    one looks for the file of a path in vain: observed only after visitors get 404 for it.

    `path` is the file for which it looks, and `page` the application's page, both as the container
    has them.
    """

    layer: ClassVar[str] = "nginx"

    container: Label
    url: Url
    path: FilePath
    page: FilePath

    def summary(self) -> Summary:
        subject = phrase("a page in the container {name}", name=self.container)
        return subject, phrase("missing; is {elsewhere}", elsewhere=self.page)


@frozen(kw_only=True, eq=False)
class CertificateFile(Observation):
    """A file named by ssl_certificate.

    `sha256` is the fingerprint of its first certificate in lower-case hex, for comparison with the
    served one. `chain` are the readable certificates in file order, and `publics` the fingerprints
    of their public keys (SHA-256 of the SubjectPublicKeyInfo). `labels` are the labels of the
    file's PEM blocks (RFC 7468 section 2). `text` is kept if the file holds certificates and
    nothing else. `real` is the resolved path if `path` is a link.
    """

    layer: ClassVar[str] = "nginx"

    path: FilePath
    sha256: Digest = ""
    changed: float | None = None
    real: FilePath = ""
    chain: tuple[Certificate, ...] = ()
    publics: tuple[Digest, ...] = ()
    labels: tuple[Word, ...] = ()
    text: Text = ""

    def summary(self) -> Summary:
        return self.path, self.chain[0].expiry if self.chain else ""


@frozen(kw_only=True, eq=False)
class KeyFile(Observation):
    """A file named by ssl_certificate_key, described by the public key only: its algorithm as in
    `Certificate.key_type`, and its fingerprint as in `CertificateFile.publics`. We never read the
    private key: openssl on the server prints the public one."""

    layer: ClassVar[str] = "nginx"

    path: FilePath
    key_type: Word = ""
    public: Digest = ""

    def summary(self) -> Summary:
        if self.key_type:
            return self.path, phrase("{type} key", type=self.key_type)
        return self.path, phrase("key")


@frozen(kw_only=True, eq=False)
class UpstreamTry(Observation):
    """One application that the configuration proxies to, contacted directly.

    `target` is the argument of proxy_pass as written, `host` and `port` what it resolves to; `path`
    is the request path as nginx would pass it on. `asked` is True if a request was sent, which
    happens only after a visit has failed; `status` is the status of its response. Whether something
    listens is tested without a request. `socket` is the path of a Unix socket; then there is no
    host. `backup` is True if nginx uses this server only when the others fail. `media_type` is the
    type of its response, "" if unknown. `streams` is True if the response has no length, and its
    body began at once and did not end.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    host: HostName
    port: int
    address: Address = ""
    path: UrlPath = "/"
    scheme: Word = "http"
    status: int | None = None
    file: FilePath = ""
    line: int = 0
    asked: bool = False
    socket: FilePath = ""
    backup: bool = False
    media_type: Word = ""
    streams: bool = False

    @property
    def endpoint(self) -> str:
        """The server as nginx writes it: host:port, or unix:/path."""
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def summary(self) -> Summary:
        outcome = phrase("connected") if self.status is None else answer_phrase(self.status)
        return application_phrase(self.target, self.address, self.port, self.socket), outcome
