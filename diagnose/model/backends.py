"""Observations of the applications behind web servers other than nginx, made from the server after
the site has failed."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, HostName, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, answer_phrase, phrase, remarked, socket_text
from diagnose.model.tls import Certificate


@frozen(kw_only=True, eq=False)
class BackendHandshake(Observation):
    """A TLS handshake with an application to which a site passes requests on with TLS, or in plain
    HTTP that it does not answer.

    `target` is the address as the configuration writes it. `server_name` is the name in the
    handshake, which is also the one that the certificate must have. `verify_code` is OpenSSL's
    result of the verification (openssl-verify(1), "DIAGNOSTICS"), None without a handshake, and
    `verify_text` says it in words. `plain` is True if the port answers plain HTTP. `status` is that
    of its answer to the target's page over TLS, None if it was not asked.
    """

    layer: ClassVar[str] = "server"

    target: Url
    host: HostName
    port: int
    server_name: HostName = ""
    verify_code: int | None = None
    verify_text: Text = ""
    plain: bool = False
    status: int | None = None
    chain: tuple[Certificate, ...] = ()

    def summary(self) -> Summary:
        answer = phrase("plain HTTP") if self.plain else self.verify_text or phrase("no handshake")
        return phrase("TLS with {place}", place=socket_text(self.host, self.port)), answer


@frozen(kw_only=True, eq=False)
class UpgradeTrial(Observation):
    """A request for another protocol than WebSocket (RFC 9110 section 7.8), sent to the site and to
    the application itself: observed only where visitors do not get it.

    `status` is that of the site, and `direct_status` that of the application, which has the address
    `application`; None without an answer.
    """

    layer: ClassVar[str] = "upstream"

    method: Word
    path: UrlPath
    protocol: Word
    application: Url
    status: int | None = None
    direct_status: int | None = None

    @property
    def is_lost(self) -> bool:
        """Whether the application changes the protocol, and the site answers with an error."""
        return self.direct_status == 101 and self.status is not None and self.status >= 400

    def summary(self) -> Summary:
        subject = phrase("Upgrade: {protocol} at {path}", protocol=self.protocol, path=self.path)
        return subject, phrase(
            "{status}, the application itself {direct}",
            status=str(self.status or "-"),
            direct=str(self.direct_status or "-"),
        )


@frozen(kw_only=True, eq=False)
class BackendAnswer(Observation):
    """The answer of an application to the target's page, asked directly with one header more or
    less, to a WebSocket handshake (`websocket`) with the page's Origin, or to what a script of the
    page asks for, at `path`, with this `origin`.

    `host` is the Host field, `proto` the value of X-Forwarded-Proto ("" if it was not sent), and
    `location` where the answer redirects to. `forwarded_for` is True if X-Forwarded-For was sent.
    `secure_cookies` are the names of the cookies that the answer sets with the attribute Secure,
    and `plain_addresses` http: addresses of the site's own host in its body, at most three.
    `host_addresses` are those of `host` in it.
    """

    layer: ClassVar[str] = "server"

    target: Url
    path: UrlPath
    host: HostName
    proto: Text = ""
    status: int | None = None
    location: Url = ""
    websocket: bool = False
    origin: Text = ""
    forwarded_for: bool = False
    secure_cookies: tuple[Word, ...] = ()
    plain_addresses: tuple[Url, ...] = ()
    host_addresses: tuple[Url, ...] = ()

    @property
    def shows_fault(self) -> bool:
        """An application is asked for its addresses only where the site's answer has such ones."""
        return self.failure is not None or bool(self.host_addresses)

    def summary(self) -> Summary:
        fields = [f"Host {self.host}", f"X-Forwarded-Proto {self.proto}" if self.proto else ""]
        fields.append("X-Forwarded-For" if self.forwarded_for else "")
        fields.append(f"Origin {self.origin}" if self.origin else "")
        subject = phrase(
            "{target} asked with {fields}",
            target=self.target,
            fields=tuple(field for field in fields if field),
        )
        return subject, answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class RepeatedFieldTrial(Observation):
    """The answers of an application to the target's page with one field of a proxy (`name`) once
    and twice, each asked two times by turns: observed only where a proxy of this machine adds the
    field, and visitors do not get the page.

    `port` is that of the proxy. `once` and `twice` are the statuses, None without an answer, or if
    both requests of a kind were answered with different ones.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    port: int
    name: Word
    once: int | None = None
    twice: int | None = None

    @property
    def shows_fault(self) -> bool:
        """A healthy site's application is asked nothing."""
        return True

    @property
    def is_decisive(self) -> bool:
        """Whether the application serves the page with the field once only."""
        once, twice = self.once or 0, self.twice or 0
        return 200 <= once < 300 <= twice or 300 <= once < 400 <= twice

    def summary(self) -> Summary:
        subject = phrase("{target} asked with {name} twice", target=self.target, name=self.name)
        return subject, phrase(
            "{twice}, with it once {once}",
            twice=str(self.twice or "-"),
            once=str(self.once or "-"),
        )


@frozen(kw_only=True, eq=False)
class BackendVisit(Observation):
    """The answer of an application that was asked directly, with the visitor's Host, for what the
    server in front of it did not give: the target's page, or a WebSocket handshake (`websocket`).

    `requested` is the path that visitors ask for, without a query, and `path` the one that the
    application was asked for: the same as the server passes on, or `requested` itself where the
    server changes it. `connected` is True if the application took the connection, None if that is
    not known. `accepted` is True if a WebSocket was opened. `head_bytes` is the size of the
    response's header, and `media_type` the type of its body in lower case, "" if none is named.
    """

    layer: ClassVar[str] = "server"

    target: Url
    requested: UrlPath
    path: UrlPath
    websocket: bool = False
    status: int | None = None
    connected: bool | None = None
    accepted: bool = False
    head_bytes: int = 0
    media_type: Word = ""

    @property
    def succeeded(self) -> bool:
        """Whether the application opened the WebSocket, or answered the page without an error."""
        return self.accepted if self.websocket else 200 <= (self.status or 999) < 400

    def summary(self) -> Summary:
        facts = {"target": self.target, "path": self.path}
        subject = (
            phrase("{target} asked for a WebSocket at {path}", **facts)
            if self.websocket
            else phrase("{target} asked for the page at {path}", **facts)
        )
        return subject, answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class MemberAnswer(Observation):
    """The answer of one member of a group ("host:port") that was asked directly for the target's
    page, as the server in front asks it. `connected` is True if it took the connection, None if
    that is not known."""

    layer: ClassVar[str] = "server"

    member: Address
    path: UrlPath
    status: int | None = None
    connected: bool | None = None

    def summary(self) -> Summary:
        subject = phrase(
            "{target} asked for the page at {path}", target=self.member, path=self.path
        )
        return subject, answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class InnerSiteAnswer(Observation):
    """The answer of a web server behind another one on this machine, asked directly at `place`
    ("127.0.0.1:8080") with a name as Host: the one that it gets, or the one of a site of its own.

    `is_page` is True for a page or a redirect of a site: not for an error, for an answer without a
    byte, or for the page of a new installation."""

    layer: ClassVar[str] = "server"

    place: Address
    path: UrlPath
    name: HostName
    status: int | None = None
    is_page: bool = False

    def summary(self) -> Summary:
        subject = phrase(
            "{target} asked with {fields}", target=self.place, fields=(f"Host {self.name}",)
        )
        return subject, answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class BackendLogin(Observation):
    """The answer of an application to a GET that was sent to it directly, without the field
    Authorization or with one that nobody's password is in (`with_password`; RFC 7617).

    `requested` is the path that visitors ask for, without a query. `body` is the beginning of the
    answer. The one without the field is asked for twice, before and after the other.
    """

    layer: ClassVar[str] = "server"

    target: Url
    requested: UrlPath
    with_password: bool = False
    status: int | None = None
    body: Text = ""

    def summary(self) -> Summary:
        facts = {"target": self.target, "path": self.requested}
        subject = (
            phrase("{target} asked for {path} with a password", **facts)
            if self.with_password
            else phrase("{target} asked for {path} without a password", **facts)
        )
        return subject, answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class BackendSocket(Observation):
    """The Unix socket to which a site passes requests on: whether the file is there, and the status
    of an answer to the target's page (None if nothing answered)."""

    layer: ClassVar[str] = "server"

    target: Url
    path: FilePath
    exists: bool
    status: int | None = None

    def summary(self) -> Summary:
        return self.path, answer_phrase(self.status) if self.exists else phrase("not there")


@frozen(kw_only=True, eq=False)
class KeptConnection(Observation):
    """Two requests for the target's page, sent to its application directly on one connection, and
    one on a connection of its own behind them, if the second got no answer.

    `target` is the address that was asked. `first`, `second` and `fresh` are the statuses, None
    without an answer. `waited` are the seconds for the second answer. `reused` is True if the
    second request went over the connection of the first. `says_close` is True if the first answer
    says that the connection ends, and `idle` the seconds after which it says so ("Keep-Alive:
    timeout=5"), 0 if it does not. `sends_close` is True if the requests said "Connection: close",
    as nginx sends it; `fresh` was asked if the second was refused (400), too, and `unclosed` is the
    status of a second request then that came behind one without the field.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    first: int | None = None
    second: int | None = None
    fresh: int | None = None
    waited: float = 0.0
    reused: bool = False
    says_close: bool = False
    idle: int = 0
    sends_close: bool = False
    unclosed: int | None = None

    @property
    def refuses(self) -> bool:
        """Whether the application refuses what comes behind "Connection: close" on a connection
        that it keeps open, and takes the same request without the field, and on a new one."""
        return (
            self.sends_close
            and self.reused
            and not self.says_close
            and self.second == 400
            and self.first is not None
            and self.first < 400
            and self.first == self.fresh == self.unclosed
        )

    @property
    def hangs(self) -> bool:
        """Whether the application is silent to the second request of a connection, and answers the
        same request on a connection of its own."""
        return (
            self.reused
            and self.second is None
            and self.first is not None
            and (self.fresh == self.first)
        )

    def summary(self) -> Summary:
        asked = phrase("{target} asked twice on one connection", target=self.target)
        subject = remarked(asked, "Connection: close" if self.sends_close else "")
        statuses = tuple(str(status or "-") for status in (self.first, self.second))
        return subject, ", ".join(statuses)


@frozen(kw_only=True, eq=False)
class StoppedBackend(Observation):
    """A web server of this machine that does not run, and whose configuration listens at the
    address to which nginx passes requests on, where nothing listens now.

    `target` is the argument of proxy_pass as written, `place` where nginx names it. `file` and
    `line` are where the server's configuration listens. `enabled` is None if no service manager
    knows of it. `message` is why its test of the configuration fails, at `error_file` and
    `error_line`; "" if it passes. The other fields are those of `WebServer`.
    """

    layer: ClassVar[str] = "upstream"

    title: Word
    target: Url
    host: HostName
    port: int
    place: Text = ""
    file: FilePath = ""
    line: int = 0
    enabled: bool | None = None
    masked: bool = False
    complaint: Text = ""
    message: Text = ""
    error_file: FilePath = ""
    error_line: int = 0
    test: tuple[Text, ...] = ()
    start: tuple[Text, ...] = ()
    stop: tuple[Text, ...] = ()

    def summary(self) -> Summary:
        place = socket_text(self.host, self.port)
        return self.title, phrase("does not run, and is to listen at {place}", place=place)
