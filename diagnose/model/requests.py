"""Observations of requests sent directly to an application, past nginx."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    Body,
    FilePath,
    HostName,
    Label,
    ReasonPhrase,
    Text,
    Url,
    UrlPath,
    Word,
)
from diagnose.model.summary import Summary, Words, answer_phrase, clauses, counted, phrase, remarked

HostVariant = Literal["passed", "visitor", "own", "address"]
#: The part in which a request differs from nginx's.
#: "origin": all fields that tell the application the visitor's origin.
#: "unknown-path": a path that nobody has made, beside the one that makes the difference.
RequestPart = Literal[
    "none", "field", "version", "path", "context-path", "server-name", "origin", "unknown-path"
]
RequestChange = Literal["none", "removed", "added", "replaced"]


@frozen(kw_only=True, eq=False)
class Asked(Observation):
    """One request to the application itself, with the header fields that nginx sends. It is made
    only after the site's own URL has failed.

    `target` is the argument of proxy_pass as written, `path` the path that the visitor requested
    from nginx. `variant` is the kind of name in the Host field, `sent` that name: "passed" (as
    nginx is configured to send it), "visitor" (the site's own), "own" (a name by which the
    application may know itself), "address" (that of proxy_pass, or "localhost", after an
    application refused the name in so many words). The request is repeated as a control if the
    name seems to decide. `head` is the size in bytes of the response head, including status
    line and blank line (RFC 9112 section 2.1), 0 if it did not arrive completely; `largest` are its
    largest fields with their sizes in bytes. For a Unix socket, the port is 0 and `address` is
    "unix:" and a path.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    variant: HostVariant = "passed"
    sent: HostName = ""
    status: int | None = None
    reason: ReasonPhrase = ""
    head: int = 0
    largest: tuple[tuple[Label, int], ...] = ()
    body: Body = ""

    @property
    def endpoint(self) -> str:
        """The address and port that were asked: "127.0.0.1:3000", "unix:/run/app.sock"."""
        return endpoint_text(self.address, self.port)

    def summary(self) -> Summary:
        subject = (
            phrase(
                "application {target} asked for the host {host}", target=self.target, host=self.sent
            )
            if self.sent
            else phrase("application {target} asked without a host", target=self.target)
        )
        head = counted("{count} byte of header", "{count} bytes of header", self.head)
        return subject, clauses(f"{self.status} {self.reason}".rstrip(), head)


@frozen(kw_only=True, eq=False)
class ComparedRequest(Observation):
    """One request to the application itself that differs from nginx's in one part at most. It is
    made only after the site's own URL has answered with an error or with a redirect to itself, or
    without the cookie that a message misses.

    `target`, `path`, `address` and `port` are those of `Asked`. `part` is what differs: "none"
    (exactly as nginx sends it), "field" (the header field `name`), "version" (of HTTP), "path" (in
    the request line; with the `name` "inner" a part of the location's prefix stays), "context-path"
    (the path below a prefix that the application's settings name, or, with the `name` "redirect",
    the redirect of its first page), "server-name" (SNI, RFC 6066 section 3) or "origin" (the fields
    in `name`).
    `method` is that of the request, `length` the Content-Length of the response and
    `coding` its Content-Encoding. `secure_cookies` are the names of the cookies that the response
    sets with the attribute Secure. `change` is how it differs, `original` is nginx's value and
    `value` the one that was sent instead, both "" without one. `is_control` is True for a
    request that repeats an earlier one. `location` is the Location of the response as an
    absolute URL, "" without one. `is_html` is True for a page (Content-Type text/html).
    `internal_redirect` is the path of X-Accel-Redirect, by which an application lets nginx send
    a file (ngx_http_proxy_module), "" without one. `plain_addresses` are http: addresses of the
    site's own host in the body, at most three, and `host_addresses` those of the name that the
    request has in the field Host, in the body and in Link and Content-Location.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    part: RequestPart = "none"
    name: Word = ""
    change: RequestChange = "none"
    original: Text = ""
    value: Text = ""
    is_control: bool = False
    status: int | None = None
    reason: ReasonPhrase = ""
    location: Url = ""
    body: Body = ""
    is_html: bool = False
    internal_redirect: UrlPath = ""
    method: Word = "GET"
    length: int | None = None
    coding: Word = ""
    secure_cookies: tuple[Word, ...] = ()
    plain_addresses: tuple[Url, ...] = ()
    host_addresses: tuple[Url, ...] = ()

    @property
    def shows_fault(self) -> bool:
        """A healthy site's application is asked nothing."""
        return True

    @property
    def endpoint(self) -> str:
        """The address and port that were asked."""
        return endpoint_text(self.address, self.port)

    def summary(self) -> Summary:
        subject = phrase(
            "application {target}, {change}", target=self.target, change=self._change_phrase()
        )
        arrow = f" -> {self.location}" if self.location else ""
        control = phrase("again") if self.is_control else ""
        return remarked(subject, control), f"{self.status} {self.reason}".rstrip() + arrow

    def _change_phrase(self) -> Words:
        facts = {"part": self.name or self.part, "value": self.value}
        if self.part == "none":
            return phrase("as nginx asks")
        if self.change == "removed":
            return phrase("without {part}", part=facts["part"])
        if not self.value:
            return phrase("another {part}", part=facts["part"])
        if self.change == "added":
            return phrase("with {part} {value}", **facts)
        return phrase("{part} replaced by {value}", **facts)


@frozen(kw_only=True, eq=False)
class LoggedComparison(ComparedRequest):
    """The same for a request that failed by nginx's access log, and fails again in this run, while
    the site's own page is answered, or for a file that the page loads. `path` is without a query.
    """

    def summary(self) -> Summary:
        subject = phrase(
            "application {target} for {path}, {change}",
            target=self.target,
            path=self.path,
            change=self._change_phrase(),
        )
        control = phrase("again") if self.is_control else ""
        return remarked(subject, control), f"{self.status} {self.reason}".rstrip()


@frozen(kw_only=True, eq=False)
class SessionTrial(Observation):
    """A session that was begun at one server of a group whose servers take turns, and whether a
    second server knows it.

    `target` is the argument of proxy_pass as written, `path` the visitor's path, `cookie` the name
    of the session's cookie, `own` the server at which it was begun and `other` the second one.
    `is_kept` is False if that one began another session in its place. The first server was asked
    with the session before and afterwards, and knew it both times.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    cookie: Label
    own: Label
    other: Label
    is_kept: bool

    def summary(self) -> Summary:
        subject = phrase(
            "session {cookie} of {own}, at {other}",
            cookie=self.cookie,
            own=self.own,
            other=self.other,
        )
        return subject, phrase("known there") if self.is_kept else phrase("not known there")


@frozen(kw_only=True, eq=False)
class PrefixTrial(Observation):
    """Whether the page of an application in a sub-folder names its files below that folder, asked
    as the server in front asks for it, with one field more.

    Asked after the page named files at the root of the site, which are below its folder. `prefix`
    is the folder ("/app"), `field` the field that had it as its value, "" for the request without
    one, the control. `names_prefix` is True if the page names such a file below the folder then.
    `references` is how the page begins its addresses at the root, as it writes them (`href="/`),
    and without quotes those of its files, each up to its first folder (`src=/assets/`).
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    page: Url
    prefix: UrlPath
    field: Word = ""
    status: int | None = None
    names_prefix: bool = False
    references: tuple[Text, ...] = ()

    def summary(self) -> Summary:
        change = (
            phrase("with {part} {value}", part=self.field, value=self.prefix)
            if self.field
            else phrase("without a field for its folder")
        )
        subject = phrase("application {target}, {change}", target=self.target, change=change)
        return subject, answer_phrase(self.status)


#: Who asks: nginx as ever ("proxy"), nginx with a visitor whom nobody has seen yet ("visitor"), or
#: another address of the server itself as nginx asks ("peer").
CountedAsker = Literal["proxy", "visitor", "peer"]
_AS_EVER: CountedAsker = "proxy"


@frozen(kw_only=True, eq=False)
class CountedRequest(Observation):
    """One request to an application that counts the requests of its visitors, and how many it still
    allows.

    Asked after the page was refused with 429, or after a message about such a limit. `asker` is who
    asks, `source` the address that the request has: in the fields that name the visitor
    (`fields`, as nginx sends them, () if it sends none), or for a "peer" that of its connection.
    `remaining` is what the answer says is left, None if it says nothing.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    asker: CountedAsker
    source: Address = ""
    fields: tuple[Word, ...] = ()
    status: int | None = None
    remaining: int | None = None

    @property
    def shows_fault(self) -> bool:
        """A healthy site's application is asked nothing."""
        return True

    @property
    def endpoint(self) -> str:
        """The address and port that were asked."""
        return endpoint_text(self.address, self.port)

    def summary(self) -> Summary:
        subject = (
            phrase("application {target}, as nginx asks", target=self.target)
            if self.asker == _AS_EVER
            else phrase(
                "application {target}, for {address}", target=self.target, address=self.source
            )
        )
        if self.remaining is None:
            return subject, answer_phrase(self.status)
        left = counted("{count} request left", "{count} requests left", self.remaining)
        return subject, clauses(str(self.status or ""), left)


@frozen(kw_only=True, eq=False)
class HeaderTrial(Observation):
    """How large a request's header may be for an application: the page was asked for with a field
    Cookie that grew until the answer was another one.

    Asked after a message about a header that is too large, or after 431 in a log. `served` is the
    size of the largest field in bytes with which the answer was that of a request without it
    (`normal`), `refused` that of the smallest with which it was not, None if none was refused.
    `status` is the answer to that one, None if the connection was closed. `is_direct` is False if
    nginx was asked, as it speaks no HTTP with the application (uwsgi_pass). `server` is the product
    of a web server that was asked itself ("apache"), after its application took the largest field.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    normal: int
    served: int
    refused: int | None = None
    status: int | None = None
    is_direct: bool = True
    server: Word = ""

    @property
    def shows_fault(self) -> bool:
        """A healthy site's application is asked nothing."""
        return True

    @property
    def endpoint(self) -> str:
        """The address and port that were asked."""
        return endpoint_text(self.address, self.port)

    def summary(self) -> Summary:
        subject = phrase("application {target} and large cookies", target=self.target)
        served = phrase("{count} bytes are served", count=self.served)
        if self.refused is None:
            return subject, served
        refused = phrase(
            "{count} bytes get {status}", count=self.refused, status=str(self.status or "closed")
        )
        return subject, clauses(served, refused)


#: What takes a path away from the location that passes it on: a location with a regular expression,
#: a `rewrite` of the server block, one of that location itself without `break` ("last"), or its
#: `try_files`, which ends in a status ("files"). Or a location with a longer prefix ("longer"), or
#: one for one other path alone ("exact"). Or a regular expression passes it on to another program
#: than the location of its folder does ("program"). Or no location passes it on, and others pass
#: other paths on ("neighbour").
BypassReason = Literal[
    "regex", "rewrite", "last", "files", "longer", "exact", "program", "neighbour",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class BypassedApplication(Observation):
    """The answer of an application to the target's path, or to that of a file of its page, which
    nginx answers without asking it.

    One GET, after the site has answered with an error or with a page. `target` is the argument of
    proxy_pass as written, `path` the visitor's path, that of a file without its query, `by` what
    nginx follows in place of the location, `file` and `line` its place. `is_html` is True for a
    page (Content-Type text/html). For "neighbour", `file` and `line` are the place of the
    application's proxy_pass. There, and where a location answers for which the application has a
    page, a path that nobody has was asked for as a control.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    path: UrlPath
    address: Address
    port: int
    by: BypassReason
    file: FilePath
    line: int
    status: int | None = None
    is_html: bool = False

    @property
    def endpoint(self) -> str:
        """The address and port that were asked."""
        return endpoint_text(self.address, self.port)

    def summary(self) -> Summary:
        subject = phrase(
            "application {target}, which nginx does not ask for {path}",
            target=self.target,
            path=self.path,
        )
        return subject, answer_phrase(self.status)


def endpoint_text(address: str, port: int) -> str:
    """Return "127.0.0.1:3000", "[::1]:3000" or, for a Unix socket, "unix:/run/app.sock"."""
    host = f"[{address}]" if ":" in address and port else address
    return f"{host}:{port}" if port else host
