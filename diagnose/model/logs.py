"""Observations of the logs of web servers."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    FilePath,
    HostName,
    Label,
    NginxMessage,
    Text,
    Url,
    UrlPath,
    Word,
)
from diagnose.model.summary import Summary, counted, phrase, remarked
from diagnose.model.web_servers import Product, ServerFile

#: Why a server did not answer a request: no module serves the protocol of its backend ("handler"),
#: TLS to the backend is off ("backend-tls"), an .htaccess is faulty, a file may not be read, the
#: server's rules let nobody in ("denied"), rewrite rules go round in a circle ("recursion"), the
#: Unix socket of the backend fails, SELinux forbids the connection, the backend's name has no
#: address, it does not answer in time, every worker is busy ("workers"), or a web application
#: firewall refuses ("firewall"). "logged" is anything else that it wrote about the request.
RequestErrorReason = Literal[
    "handler", "backend-tls", "htaccess", "permission", "denied", "recursion", "socket", "selinux",
    "backend-name", "timeout", "workers", "firewall", "password-file", "logged",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class LogLine(Observation):
    """A parsed line of an error log (ngx_log_error_core, ngx_http_log_error).

    `when` is in seconds since the epoch, by the server's clock; `written` is the time as printed,
    in local time. `text` is the message alone, `errno` the number in it, `doing` what nginx was
    doing ("connecting to upstream"). The fields from `client` to `host`, and `referrer`, the page
    that sent it, describe the request, "" if the line lacks them; `request` is without its query.
    Repeated equal lines are merged into the last one; `times` counts them, and `clients` are the
    last of them by address, the newest last (() if all have the same `client`).
    """

    layer: ClassVar[str] = "nginx"

    file: FilePath
    when: float
    level: Word
    pid: int
    text: NginxMessage
    written: Text = ""
    errno: int | None = None
    doing: Text = ""
    client: Address = ""
    server: HostName = ""
    request: UrlPath = ""
    upstream: Url = ""
    host: HostName = ""
    referrer: Url = ""
    times: int = 1
    clients: tuple[Address, ...] = ()

    @property
    def path(self) -> str:
        """The requested path ("GET /ws HTTP/1.1": "/ws")."""
        words = self.request.split(" ")
        return words[1] if len(words) > 1 else ""

    def summary(self) -> Summary:
        times = phrase("{count} times", count=self.times) if self.times > 1 else ""
        return f"{self.file} [{self.level}]", remarked(self.text, times)


@frozen(kw_only=True, eq=False)
class ErrorLog(Observation):
    """An error log that nginx writes for the target, and that was read.

    The lines written between `since` and `until` (seconds since the epoch, by the server's clock)
    at `level` or above are all among the observed log lines if they concern the target; of other
    sites there are only the newest lines, of rejected configurations also earlier ones. `again` is
    True if the log was read after a visit had failed, so that it contains what this run caused.
    """

    layer: ClassVar[str] = "nginx"

    file: FilePath
    until: float
    since: float = 0.0
    level: Word = "error"
    again: bool = False

    def summary(self) -> Summary:
        return remarked(self.file, phrase("again") if self.again else ""), phrase("read")


@frozen(kw_only=True, eq=False)
class FailedRequests(Observation):
    """Requests of visitors that failed in the same way, as the access log of a web server has them:
    one method, path (without its query) and status. No later request of this method and path
    succeeded. `server` is the program that wrote the log: "nginx", "apache", "caddy", "haproxy".
    The status 101 is that of tunnels which a timeout of HAProxy ended, and `lasted_s` the shortest
    time for which one of them was open, in seconds. With the status 504 it is the shortest time
    after which a visitor got it (Caddy, HAProxy).

    `written` is the time of the last as printed, `times` their number. `is_from_page` is True if a
    browser sent one of them from a page of the site itself (Referer), `has_query` if one of them
    had a query. `ending` is HAProxy's termination state of the last ("SC--": the connection to the
    server failed), "" for other servers. They were sent before the run began. `lost_user` is True
    if they had no user of HTTP's basic authentication, which the same browser had sent just before.
    `wrote_port` is True if they had the port behind the name in the field Host: a later request
    without it does not show that they are over. `forms_accepted` is True if another form of the
    site's pages was accepted in the same time: a POST that was answered with a redirect.
    `is_all` is True if they were sent to the very path that was asked for, and none of this method
    came through. `is_large_header` is True if nginx refused each of them for its header, by the
    length of its page: then other visitors' requests may have succeeded. `is_served_otherwise` is
    True if a program sent them that got the same path by another method, or another path of its
    folder.
    """

    layer: ClassVar[str] = "nginx"

    file: FilePath
    method: Word
    path: UrlPath
    status: int
    written: Text
    times: int = 1
    is_from_page: bool = False
    has_query: bool = False
    server: Word = "nginx"
    ending: Word = ""
    lost_user: bool = False
    lasted_s: float | None = None
    wrote_port: bool = False
    forms_accepted: bool = False
    is_all: bool = False
    is_large_header: bool = False
    is_served_otherwise: bool = False

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method=self.method, path=self.path)
        times = counted("{count} time", "{count} times", self.times)
        return subject, (str(self.status), times, self.written)


@frozen(kw_only=True, eq=False)
class UnservedRequests(Observation):
    """A path that visitors asked for again and again and nobody got (404), by the access log of a
    web server, or one of several of a folder; without those who ask for many different paths that
    are not there (`parsers.unserved_requests`).

    `folder` is the first folder on the way to the path below which nobody got anything since the
    server loaded its configuration, or the path itself. `times` is the number of requests for the
    path, `beside` that of other paths of the folder that nobody got, and `written` the time of the
    last as printed. They were sent before the run began, by programs or by browsers. They may be
    meant: a path need not be there. So they are evidence only beside an answer of the application
    that has the path elsewhere.
    """

    layer: ClassVar[str] = "nginx"

    file: FilePath
    path: UrlPath
    written: Text
    folder: UrlPath
    times: int = 1
    beside: int = 0
    status: int = 404
    server: Word = "nginx"

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method="GET", path=self.path)
        times = counted("{count} time", "{count} times", self.times)
        return subject, (str(self.status), times, self.written)


@frozen(kw_only=True, eq=False)
class AcceptedForm(Observation):
    """A form of the site's own page that had been refused, by the access log of a web server or by
    the pasted message, which names its path, and whose last answer before the run began is no
    error, by the log. `written` is its time as printed."""

    layer: ClassVar[str] = "nginx"

    file: FilePath
    path: UrlPath
    status: int
    written: Text
    server: Word = "nginx"

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method="POST", path=self.path)
        return subject, (str(self.status), self.written)


@frozen(kw_only=True, eq=False)
class DownloadSize(Observation):
    """How much a visitor got of a file, by the access log: a little more than the size at which
    nginx's temporary file is full unless it is told otherwise (`proxy_max_temp_file_size`, 1024m).

    `sent` is in bytes, the most that anybody got of this path. A file may well have this size.
    """

    layer: ClassVar[str] = "nginx"

    file: FilePath
    path: UrlPath
    sent: int
    written: Text
    server: Word = "nginx"

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method="GET", path=self.path)
        return subject, (counted("{count} byte", "{count} bytes", self.sent), self.written)


@frozen(kw_only=True, eq=False)
class RefusedHandshakes(Observation):
    """Handshakes of browsers for a WebSocket that were refused, by the web server's access log.

    `status` is that of the last answer, none that asks for a login, `times` their number, and
    `written` the time of the last as printed. No later request for this path succeeded. They were
    sent before the run began. The log has no fields: what `path` and `status` say, and what the
    same browser else asked for, tells that they were handshakes (`parsers.logged_handshakes`).
    """

    layer: ClassVar[str] = "websocket"

    file: FilePath
    path: UrlPath
    status: int
    written: Text
    times: int = 1
    server: Word = ""

    def summary(self) -> Summary:
        subject = phrase("WebSocket {path} in the access log", path=self.path)
        times = counted("{count} time", "{count} times", self.times)
        return subject, (str(self.status), times, self.written)


@frozen(kw_only=True, eq=False)
class RefusedLogin(Observation):
    """Requests of visitors to whom the web server itself had asked for a password, and who got an
    error for one path though it took the password: by the access log, their user is known to the
    server (Apache, Caddy), or a server behind HAProxy answered.

    `status` is that of the answer, `times` the number of requests, and `written` the time of the
    last as printed. No later request for this path succeeded. They were sent before the run began.
    """

    layer: ClassVar[str] = "server"

    file: FilePath
    path: UrlPath
    status: int
    written: Text
    times: int = 1
    server: Word = ""

    def summary(self) -> Summary:
        subject = phrase("request {method} {path}", method="GET", path=self.path)
        times = counted("{count} time", "{count} times", self.times)
        return subject, (str(self.status), times, self.written)


@frozen(kw_only=True, eq=False)
class LoggedRequestError(Observation):
    """Why a server did not answer a visitor's request that its access log has as failed: `method`,
    `path` without its query, `status` and the program `server` are those of the `FailedRequests`.

    `log` is the error log, `message` the line without its time. "timeout": the application took the
    request and did not answer in time. "firewall": the rule with the number `rule`, which stands in
    `rule_file`, refused it (ModSecurity). "logged": the message alone says it. `backend` is the
    application as the line writes it ("127.0.0.1:3000"), "" if it does not. `waited_s` are the
    seconds from the request to the line, None if the logs do not say. `names_path` is False if the
    line is about some request of that time: PHP-FPM's names no path.
    """

    layer: ClassVar[str] = "server"

    server: Word
    log: FilePath
    method: Word
    path: UrlPath
    status: int
    message: Text
    reason: Literal["timeout", "firewall", "logged"]
    backend: Address = ""
    waited_s: float | None = None
    names_path: bool = True
    rule: Word = ""
    rule_file: FilePath = ""

    def is_of(self, failure: FailedRequests) -> bool:
        """Whether the line is about these requests of the access log."""
        own = (self.method, self.path, self.status)
        return own == (failure.method, failure.path, failure.status)

    def summary(self) -> Summary:
        return self.log, self.message


@frozen(kw_only=True, eq=False)
class ServerRequestError(Observation):
    """What a server wrote into its error log about this run's request, which it did not answer.

    `log` is the file, `message` the line without its time. `scheme` is the protocol that no module
    serves ("http", "ws"). `file` is the .htaccess with the mistake, or the file or folder that the
    server may not read, or the socket. `errno` is the number of the system's error, 0 if there is
    none, and `backend` the host and port that was tried. `rule` is the number of the rule of a web
    application firewall (ModSecurity), and `file` the file of that rule. `code` is Apache's number
    of the message ("AH01276"), "" without one. `behind` is the port of a server behind nginx, which
    passed the request on to it, 0 for the server that has the target's port. `rules` is the
    .htaccess with the mistake, or the one whose rules go round in a circle or whose result is
    refused.
    """

    layer: ClassVar[str] = "server"

    product: Product
    log: FilePath
    reason: RequestErrorReason
    message: Text
    scheme: Word = ""
    file: FilePath = ""
    errno: int = 0
    backend: Address = ""
    rule: Word = ""
    code: Word = ""
    behind: int = 0
    rules: ServerFile | None = None

    def summary(self) -> Summary:
        return self.log, self.message


@frozen(kw_only=True, eq=False)
class ServerStartError(Observation):
    """Why the last start of a server that does not run failed, as it wrote into its own error log
    after it had read its configuration. `message` is the line without its time."""

    layer: ClassVar[str] = "server"

    product: Product
    log: FilePath
    message: Text

    def summary(self) -> Summary:
        return self.log, self.message


@frozen(kw_only=True, eq=False)
class OpenFiles(Observation):
    """The number of files, including connections, that an nginx process may have open
    (getrlimit(2), RLIMIT_NOFILE). Read only if nginx's log says that it ran out."""

    layer: ClassVar[str] = "nginx"

    pid: int
    soft: int
    hard: int

    def summary(self) -> Summary:
        subject = phrase("open files of process {pid}", pid=self.pid)
        return subject, phrase("at most {limit}", limit=self.soft)


@frozen(kw_only=True, eq=False)
class ContainerLogLine(Observation):
    """A line of the error log of an nginx in a container behind the server that visitors reach, as
    `LogLine` has it. `in_run` is True if it was written since this run began."""

    layer: ClassVar[str] = "upstream"

    container: Label
    level: Word
    text: NginxMessage
    written: Text = ""
    request: UrlPath = ""
    upstream: Url = ""
    times: int = 1
    in_run: bool = False

    @property
    def path(self) -> str:
        """The requested path, as `LogLine` has it."""
        words = self.request.split(" ")
        return words[1] if len(words) > 1 else ""

    def summary(self) -> Summary:
        subject = phrase("nginx in the container {name}", name=self.container)
        return subject, (f"[{self.level}]", self.text)
