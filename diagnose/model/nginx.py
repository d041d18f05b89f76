"""What can be seen of nginx on the server, and of the applications behind it."""

from collections.abc import Iterable
from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.tls import Certificate


@frozen
class Directive:
    """One directive of a configuration, where it stands (`line` and `column` count from 1),
    and, for a block, the directives in it.

    In the file's text it begins at the offset `start` and ends before `stop`; a block is opened
    by the "{" before `opened`. `end` is what ended it: ";" or "{", "}" where the semicolon is
    missing at the end of a block, "" at the end of the file.
    """

    name: str
    args: tuple[str, ...]
    file: str
    line: int
    block: tuple["Directive", ...] | None = None
    column: int = 1
    start: int = 0
    stop: int = 0
    opened: int = 0
    end: str = ";"


@frozen
class ConfigFile:
    """A file of the configuration: its text and its time of change (seconds since the epoch).
    `real` is the file itself where the path is a link, else ""."""

    path: str
    text: str
    changed: float | None = None
    real: str = ""


@frozen(kw_only=True, eq=False)
class NginxBuild(Observation):
    """`nginx -V`: the version and how the binary was configured."""

    layer: ClassVar[str] = "nginx"

    binary: str
    version: str = ""
    arguments: tuple[str, ...] = ()
    config: str = ""
    prefix: str = ""

    @property
    def has_ssl(self) -> bool:
        return "--with-http_ssl_module" in self.arguments


@frozen(kw_only=True, eq=False)
class NginxProcess(Observation):
    """A running nginx master: its own binary, arguments and configuration (proc(5)), when it
    started and when it last loaded its configuration (seconds since the epoch): the start of
    the oldest of its `workers`, those that are not shutting down, as a reload replaces them all
    and one that crashed is replaced with the old configuration. `foreign` is a container's, which
    sees other files than this machine, or of another user than root or ourselves, whose program
    or options are not to be used. `user` is the number of the user that it runs as. `private` are
    the folders in which it sees other files than we do (PrivateTmp=, ProtectHome= of
    systemd.exec(5)); `unit` is the unit of systemd's that it belongs to ("nginx.service",
    "session-3.scope" of a login), "" where that is not known."""

    layer: ClassVar[str] = "nginx"

    pid: int
    binary: str
    arguments: tuple[str, ...] = ()
    config: str = ""
    started: float | None = None
    loaded: float | None = None
    workers: tuple[int, ...] = ()
    foreign: bool = False
    user: int | None = None
    private: tuple[str, ...] = ()
    unit: str = ""


@frozen(kw_only=True, eq=False)
class NginxState(Observation):
    """The processes have been read, whole: what is not among `masters` does not run. That which
    has the target's port is the first of them. `programs` are the programs that are installed,
    that which a shell finds by its name first."""

    layer: ClassVar[str] = "nginx"

    installed: bool
    masters: tuple[NginxProcess, ...] = ()
    programs: tuple[str, ...] = ()


@frozen
class TestMessage:
    """A line of `nginx -t`: level ("emerg", "warn"), text, and the place it names, if any."""

    level: str
    text: str
    file: str | None = None
    line: int | None = None

    @property
    def words(self) -> str:
        """Without the line: an edit moves those below it."""
        return self.text.removesuffix(f":{self.line}")


def fatal(messages: Iterable[TestMessage]) -> TestMessage | None:
    """What stops nginx: the first message of level emerg, alert or crit."""
    levels = {"emerg", "alert", "crit"}
    return next((message for message in messages if message.level in levels), None)


@frozen(kw_only=True, eq=False)
class NginxTest(Observation):
    """`nginx -t`: whether the configuration on disk would load, and what nginx says of it."""

    layer: ClassVar[str] = "nginx"

    binary: str
    passed: bool
    messages: tuple[TestMessage, ...] = ()
    config: str = ""

    @property
    def fatal(self) -> TestMessage | None:
        """What stops nginx."""
        return fatal(self.messages)


@frozen(kw_only=True, eq=False)
class NginxConfig(Observation):
    """The configuration on disk, includes followed: what nginx would load now.

    `main` are the top-level directives with every include replaced by what it brings;
    `files` the texts they came from, in the order in which they are read.
    """

    layer: ClassVar[str] = "nginx"

    path: str
    main: tuple[Directive, ...] = ()
    files: tuple[ConfigFile, ...] = ()

    def file(self, path: str) -> ConfigFile | None:
        return next((file for file in self.files if file.path == path), None)


@frozen(kw_only=True, eq=False)
class CertificateFile(Observation):
    """A file that ssl_certificate names. `sha256` is the fingerprint of its first certificate in
    lower-case hex, to compare with what is served; `chain` the certificates that can be read, in
    the file's order, and `publics` the fingerprints of their public keys (SHA-256 of the
    SubjectPublicKeyInfo). `labels` are what the file's PEM blocks say they are (RFC 7468 section
    2). `text` is kept where the file holds several certificates and nothing else; `real` is the
    file itself where the path is a link."""

    layer: ClassVar[str] = "nginx"

    path: str
    sha256: str = ""
    changed: float | None = None
    real: str = ""
    chain: tuple[Certificate, ...] = ()
    publics: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    text: str = ""


@frozen(kw_only=True, eq=False)
class KeyFile(Observation):
    """A file that ssl_certificate_key names, by the public half of the key alone: its algorithm
    as in `Certificate.key_type`, and its fingerprint as in `CertificateFile.publics`. The private
    half is never read by us: openssl on the server gives out the other."""

    layer: ClassVar[str] = "nginx"

    path: str
    key_type: str = ""
    public: str = ""


@frozen(kw_only=True, eq=False)
class UpstreamTry(Observation):
    """One application that the configuration proxies to, tried directly.

    `target` is the argument of proxy_pass as written, `host` and `port` what it comes to;
    `path` the path of the request as nginx would pass it on. `status` is the answer's, where a
    request was sent at all (`asked`): it is only once the front door has failed, and whether
    something listens is seen without. `socket` is the path of a Unix socket, and then there is no
    host; `backup` says that nginx asks it only where the others fail.
    """

    layer: ClassVar[str] = "upstream"

    target: str
    host: str
    port: int
    address: str = ""
    path: str = "/"
    scheme: str = "http"
    status: int | None = None
    file: str = ""
    line: int = 0
    asked: bool = False
    socket: str = ""
    backup: bool = False

    @property
    def endpoint(self) -> str:
        """The server as nginx writes it: host:port, or unix:/path."""
        if self.socket:
            return f"unix:{self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
