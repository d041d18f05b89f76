"""Observations of HTTP requests and WebSocket handshakes."""

import re
from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation, Target
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Body, Headers, Label, ReasonPhrase, Url, UrlPath, Word
from diagnose.model.summary import Summary, clauses, counted, phrase, remarked, socket_text
from diagnose.model.tls import Certificate
from diagnose.model.variants import BODY_ENDS, LOCAL_REQUESTS, UPGRADE_ENDINGS, UPGRADE_VARIANTS
from diagnose.model.websocket_codes import ORDERLY_CODES, is_policy


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a field; the name is case-insensitive (RFC 9110 section 5.1)."""
    lower_name = name.lower()
    for key, value in headers:
        if key.lower() == lower_name:
            return value
    return None


def _host(url: str) -> str:
    """Return host and port of a URL, "" for a path."""
    return url.partition("//")[2].partition("/")[0]


def _begins_with_name(location: str) -> bool:
    """Return whether a URL has no scheme and no slash in front, and a dot before the first one."""
    name = location.partition("/")[0]
    return "." in name[1:] and "//" not in location and not name.startswith((".", "?", "#"))


RequestPurpose = Literal[
    "target", "again", "browser", "plain", "redirect", "path", "acme", "plain-to-tls", "login",
    "data", "logged", "spelling", "folder", "unknown", "cross-origin", "authorized", "hidden",
]  # fmt: skip
UpgradeVariant = Literal[
    "normal", "no-origin", "subprotocol", "session", "http-1.0", "whole-path", "visitor-host",
    "no-ping", "again", "no-deflate", "other-scheme", "with-port", "plain-port", "forwarded",
    "own-host", "idle", "forwarded-host", "other-path", "plain", "bare-path",
    "two-options", "without-id", "usual-port", "unasked", "mqtt",
]  # fmt: skip
Through = Literal["front", "application"]
#: What is wrong with a header field. Over HTTP/1.1: Content-Length twice ("different-lengths") or
#: not a number ("invalid-length"), beside Transfer-Encoding ("length-and-chunks"), a transfer
#: coding other than one "chunked" ("transfer-coding"), a name that is not a token ("field-name"), a
#: line without a colon ("no-colon"), a control character, a NUL, two values of Location or
#: Content-Disposition. Over HTTP/2 also a field of the connection and a name in upper case.
HeaderFault = Literal[
    "different-lengths", "invalid-length", "length-and-chunks", "transfer-coding", "field-name",
    "no-colon", "control-character", "nul", "different-locations", "different-dispositions",
    "connection-field", "upper-case",
]  # fmt: skip
#: The size of a chunk (RFC 9112 section 7.1) before a document or data.
_SIZE_LINE = re.compile(r"\s{0,2}[0-9A-Fa-f]{1,8}\r?\n\s{0,99}[<{\[]")
#: What is wrong with the coding of a body: it is not the one that Content-Encoding names
#: ("invalid"), the decoded text is gzip again ("twice"), or text is gzip and no Content-Encoding
#: says so ("unnamed").
CodingFault = Literal["", "invalid", "twice", "unnamed"]
#: How a body ended: with its last byte, before it ("cut"), or it was not read to its end.
BodyEnd = Literal["complete", "cut", "unread"]

#: Bytes up to which a body is read whole.
WHOLE_BODY = 2 << 20
#: Which request a body answers: the usual one, one as browsers make it, or one to the application
#: behind the proxy; "upgrade" is one to the application with `Connection: upgrade`, as nginx asks.
BodyRequest = Literal["target", "browser", "application", "upgrade"]
UpgradeFault = Literal[
    "", "status", "upgrade", "connection", "accept", "subprotocol", "extension", "version"
]  # fmt: skip
#: How an open WebSocket connection ended; "" if it stayed open.
Ending = Literal["", "close", "eof", "reset", "invalid", "http"]
#: What is wrong with bytes that are no frame of RFC 6455; "" if nothing is. "text" is readable text
#: in place of frames, "compressed" a compressed message without a negotiated extension, "deflate"
#: one that cannot be decompressed.
Violation = Literal[
    "", "text", "masked", "compressed", "reserved-bits", "opcode", "control-frame", "length",
    "fragment", "close-frame", "utf-8", "deflate", "other",
]  # fmt: skip


#: The requests whose path is made up for this run.
_MADE_UP = frozenset({"path", "acme", "unknown"})


@frozen(kw_only=True, eq=False)
class Exchange(Observation):
    """One HTTP request to one address, and its response.

    `redirected_from` is the URL whose response redirected here. `body` is at most the first two
    kilobytes, as text. `purpose` is "target", "again" (the same, repeated at two addresses of which
    one fails, or alone after a 429 or 503), "browser" (the same, with the header fields of a
    browser, after it was refused), "plain" (the target's name over http), "redirect" (a further
    step of a redirect), "path" (an unknown path over http, to see whether a redirect keeps it),
    "acme" (the HTTP-01 challenge path), "plain-to-tls", "login" (a page of the site with which a
    login elsewhere begins, after a message about its address), "data" (a path from which the page's
    script reads data, if an HTML document or a redirect came), "logged" (a visitor's request that
    failed before, by the access log), "spelling" (a target that answers 404, with a last slash or
    without it), "folder" (the page of a redirect, below the folder of the target that the redirect
    leaves), "unknown" (a path that no site has, in that spelling or folder), "hidden" (a hidden
    file that a message says visitors get, without its content), "cross-origin" (the target with the
    Origin of another site, after a message about CORS that names none) or "authorized" (the target
    with a token, after it answered that none came). `mentions` are the
    ws: and wss: URLs in the page. `extended_connect` is whether a server, asked over HTTP/2, allows
    WebSockets over it (RFC 8441); None if it was not asked. `incomplete` is True if the response
    has neither a length nor chunks, and the connection ended without TLS's close_notify: nothing
    shows whether the end is missing (RFC 9112 section 9.8). `header_faults` are the faults in the
    header, and `faulty_fields` the name of the field of each, "" if it has none. A failure with a
    status means that the response was cut off; of the target's own page `ResponseBody` says it.
    """

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    method: Word = "GET"
    purpose: RequestPurpose = "target"
    status: int | None = None
    reason: ReasonPhrase = ""
    version: Word = ""
    headers: Headers = ()
    body: Body = ""
    redirected_from: Url | None = None
    verified: bool = True
    mentions: tuple[Url, ...] = ()
    extended_connect: bool | None = None
    incomplete: bool = False
    header_faults: tuple[HeaderFault, ...] = ()
    faulty_fields: tuple[Word, ...] = ()

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    @property
    def asks_for_password(self) -> bool:
        """Whether a browser asks the visitor for a user and a password (RFC 7617 section 2)."""
        challenges = (value for name, value in self.headers if name.lower() == "www-authenticate")
        return self.status == 401 and any(
            value.lower().lstrip().startswith("basic") for value in challenges
        )

    def is_page_of(self, target: Target) -> bool:
        """Whether this is a visitor's request of the target's own page, on the target's port."""
        return self.purpose == "target" and self.port == target.port

    @property
    def is_of_visit(self) -> bool:
        """Whether a visitor's browser sends it for the page: the first request, or one after a
        redirect, perhaps to another site."""
        return self.purpose in {"target", "redirect"}

    @property
    def shows_fault(self) -> bool:
        """A failure, an error (RFC 9110 section 15.5), or a redirect to another host: some networks
        answer in a site's place with one. Of a path that no site has, 404 is the proper answer. A
        path that begins like the name of a host may be meant as one. A page that begins with a line
        of hexadecimal digits may have the sizes of chunks in it."""
        if self.failure is not None or self.status is None or self.status < 300:
            return self.failure is not None or _SIZE_LINE.match(self.body) is not None
        if self.status == 404 and self.purpose in _MADE_UP:
            return False
        location = self.header("Location") or ""
        is_elsewhere = _host(location) not in {"", _host(self.url)}
        return self.status >= 400 or is_elsewhere or _begins_with_name(location)

    def summary(self) -> Summary:
        is_redirect = self.status is not None and 300 <= self.status < 400
        location = self.header("location") if is_redirect else None
        arrow = f" -> {location}" if location else ""
        return f"{self.method} {self.url}", f"{self.status} {self.reason}".rstrip() + arrow


@frozen(kw_only=True, eq=False)
class ResponseBody(Observation):
    """How far the body of the target's response was read, and whether it is what its header says.

    `received` are the bytes that came, still encoded; `announced` is Content-Length, None without
    one. Not more than two megabytes are read, and not longer than some seconds: what is beyond is
    unknown ("unread"). `failure` is how a body was cut. `coding` is the Content-Encoding.
    """

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    request: BodyRequest = "target"
    status: int | None = None
    version: Word = ""
    received: int = 0
    announced: int | None = None
    end: BodyEnd = "complete"
    coding: Word = ""
    media_type: Word = ""
    coding_fault: CodingFault = ""

    @property
    def is_page_without_end(self) -> bool:
        """Whether it is the page of the target, and its end was not seen: browsers go on loading
        it."""
        is_page = self.request == "target" and (self.status or 999) < 400
        return is_page and self.end == "unread" and "html" in self.media_type.lower()

    def stops_before(self, announced: int | None) -> bool:
        """Whether so many bytes had not come when reading ended, of a body that would have been
        read whole: it is slow, or nothing more comes."""
        is_short = announced is not None and self.received < announced <= WHOLE_BODY
        return self.end == "unread" and is_short

    def summary(self) -> Summary:
        size = (
            counted("{count} byte", "{count} bytes", self.received)
            if self.announced is None
            else phrase(
                "{received} of {announced} bytes", received=self.received, announced=self.announced
            )
        )
        fault = phrase("not {coding}", coding=self.coding or "text") if self.coding_fault else ""
        return phrase("body of {url}", url=self.url), clauses(size, BODY_ENDS[self.end], fault)


@frozen(kw_only=True, eq=False)
class BrowserVisit(Observation):
    """One request for the target's page as browsers make it: HTTP/2 and compression are offered.

    `alpn` is the protocol that the server chose, `version` that of the response. `attempt` is 2 for
    a repetition after a failure: browsers try again too. `failure.name` is "HTTP1" if the server
    agreed to HTTP/2 and sent HTTP/1.1, "RESET" or "GOAWAY" (RFC 9113 sections 6.4 and 6.8) with the
    error code, "FRAMES" if what came is not HTTP/2.
    """

    layer: ClassVar[str] = "http"

    url: Url
    address: Address
    port: int
    alpn: Word = ""
    version: Word = ""
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()
    header_faults: tuple[HeaderFault, ...] = ()
    faulty_fields: tuple[Word, ...] = ()
    attempt: int = 1

    @property
    def shows_fault(self) -> bool:
        """A failure, or a redirect to another host: HTTP/2 alone may have it."""
        location = header(self.headers, "Location") or ""
        is_elsewhere = _host(location) not in {"", _host(self.url)}
        return self.failure is not None or ((self.status or 0) >= 300 and is_elsewhere)

    def summary(self) -> Summary:
        subject = phrase("GET {url} as a browser", url=self.url)
        return remarked(subject, self.alpn), f"{self.status or ''} {self.reason}".strip()


@frozen(kw_only=True, eq=False)
class Upgrade(Observation):
    """One WebSocket opening handshake (RFC 6455 section 4) and what followed.

    `variant` is "normal", "no-origin", "subprotocol" (offers the subprotocol that a response named)
    or "session" (like a client of Socket.IO or SignalR, after a first request over HTTP). Only to
    the application itself: "http-1.0", "whole-path" (the visitor's path, not shortened),
    "bare-path" (without the location's prefix, which nginx keeps) and "visitor-host" (the site's
    own name as Host, where nginx sends another). If the open connection died: "no-ping" (without a
    ping, like browsers), "again" (the same, repeated) and "no-deflate" (compression is not
    offered). If it was refused with 429 or 503: "again", alone and after a pause. If it was
    refused, with another Origin, and if that opened "again": "other-scheme" (http for https),
    "with-port" (the port is written), "plain-port" (port 80 for https), "usual-port" (none, where
    the target has one), and to the application itself "own-host" (the host that nginx sends) and
    "forwarded" (with X-Forwarded-Proto and X-Forwarded-Host). "idle" is held open in silence.
    "other-path" asks for another path, that of `url`, after one at `path` was refused.
    "two-options" has Connection as Firefox sends it, "keep-alive, Upgrade". "without-id" leaves out
    what the query has of one connection. "unasked" is that of a path which the page alone names,
    and which did not stay open: its script may add a login. "mqtt" sends no ping, but the first
    packet of a client of MQTT, and counts the frames that answer it. "plain", only to the
    application itself, is no handshake but an ordinary request for the same path.
    `accepted` is True if status, Upgrade, Connection and Sec-WebSocket-Accept were all correct;
    `fault` names the wrong one ("status", "upgrade", "connection", "accept", "subprotocol",
    "extension", "version": HTTP/1.0, in which no proxy that corrects it passes it on).

    For an open connection: `held_s` is how many seconds it was watched, `ping_s` the round trip of
    a ping frame (None if no pong came), `frames` the number of frames received. `ended` is how it
    ended ("" if it stayed open): "close" (a close frame), "eof", "reset", "invalid" (not a frame;
    `violation` says why) or "http" (an HTTP response). `close_code` and `close_reason` are from the
    close frame, `last_words` the beginning of the first message in text before it; the code is 1006
    without one. `stray` is the beginning of a text that came in place of frames. `idle_s` is the
    number of seconds of silence after which the connection was cut, if observed; `quiet_s`, of the
    variant "idle", how many it was held, and `own_frames_s` those between the frames that the
    server itself sends in that time, None without one.

    `origin` is the Origin that was sent, None for none; `authenticated`: the user's credentials
    were. `through` is "front" (the site's own URL) or "application" (the server behind the proxy).
    """

    layer: ClassVar[str] = "websocket"

    url: Url
    path: UrlPath
    address: Address
    port: int
    variant: UpgradeVariant = "normal"
    through: Through = "front"
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()
    body: Body = ""
    accepted: bool = False
    fault: UpgradeFault = ""
    offered: tuple[Label, ...] = ()
    subprotocol: Label | None = None
    ping_s: float | None = None
    close_code: int | None = None
    idle_s: float | None = None
    held_s: float | None = None
    ended: Ending = ""
    close_reason: Body = ""
    frames: int = 0
    origin: Url | None = None
    authenticated: bool = False
    violation: Violation = ""
    stray: Body = ""
    quiet_s: float | None = None
    own_frames_s: float | None = None
    last_words: Body = ""

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    @property
    def is_visit(self) -> bool:
        """Whether it was tried as a visitor's browser does: at the site's own URL, with nothing
        changed."""
        return self.through == "front" and self.variant == "normal"

    @property
    def opens_path(self) -> bool:
        """Whether a WebSocket opened at `path` through the front server. One at another path says
        nothing of this one."""
        return self.accepted and self.through == "front" and self.variant != "other-path"

    @property
    def stayed_open(self) -> bool | None:
        """True if the connection opened and stayed open, or was closed normally (1000, 1001, or no
        code). False if it was refused or died. None if the server closed it for its own reason:
        credentials, a policy, a restart."""
        if not self.accepted:
            return False
        if not self.ended or self.close_code in ORDERLY_CODES:
            return True
        return None if self.ended == "close" and is_policy(self.close_code) else False

    @property
    def shows_fault(self) -> bool:
        """A handshake that was refused, or a connection that did not stay open."""
        return not self.stayed_open

    def summary(self) -> Summary:
        subject = remarked(
            f"WebSocket {self.url}",
            phrase("to the application itself") if self.through == "application" else "",
            UPGRADE_VARIANTS.get(self.variant, ""),
        )
        answer = f"{self.status} {self.reason}".rstrip()
        if not self.ended:
            return subject, answer
        code = f"{self.close_code or ''} {self.close_reason or self.last_words}".strip()
        return subject, clauses(answer, remarked(UPGRADE_ENDINGS[self.ended], code))


#: How the server's own web server is asked: as visitors ask for the page; over http, like a proxy
#: that ended TLS in front of it (X-Forwarded-Proto: https); for a WebSocket; or for "/" over http
#: with the address as Host, like the health check of a load balancer.
LocalRequest = Literal["page", "forwarded", "websocket", "health-check"]


@frozen(kw_only=True, eq=False)
class LocalAnswer(Observation):
    """What the web server on the server itself answers, asked there. It is compared with what the
    name's addresses answer, after something failed at an address that the server does not have.

    `chain` is the certificate chain over TLS, the leaf first; `trusted` is whether a browser would
    accept it for the target's name (None: not TLS, or this machine has no trusted roots). `same_as`
    are the target's addresses that gave the same status and the same page.
    """

    layer: ClassVar[str] = "http"

    request: LocalRequest
    url: Url
    path: UrlPath
    address: Address
    port: int
    status: int | None = None
    reason: ReasonPhrase = ""
    headers: Headers = ()
    accepted: bool = False
    chain: tuple[Certificate, ...] = ()
    trusted: bool | None = None
    same_as: tuple[Address, ...] = ()

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    def summary(self) -> Summary:
        subject = phrase(
            "{request} {url} at {place}",
            request=LOCAL_REQUESTS[self.request],
            url=self.url,
            place=socket_text(self.address, self.port),
        )
        return subject, f"{self.status} {self.reason}".rstrip()


def page_exchanges(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the visitors' requests of the target's own page, also those without a response."""
    return tuple(
        exchange for exchange in evidence.of(Exchange) if exchange.is_page_of(evidence.target)
    )


def error_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return those of the visitors' requests of the target's own page whose response has the status
    of an error (RFC 9110 sections 15.5 and 15.6)."""
    return tuple(page for page in page_exchanges(evidence) if (page.status or 0) >= 400)
