"""What can be seen of HTTP requests and WebSocket handshakes."""

from dataclasses import replace
from typing import ClassVar

from diagnose.model import Evidence, Observation, Subject, merge_subjects
from diagnose.model.frozen import frozen

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str | None:
    """The first value of a field, by its case-insensitive name (RFC 9110 section 5.1)."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@frozen(kw_only=True, eq=False)
class Exchange(Observation):
    """One HTTP request and its answer, on one address.

    `redirected_from` is the URL whose answer led here; `body` at most the first two
    kilobytes, as text. `purpose` is "target", "plain" (the target's name over http),
    "redirect" (a step further), "path" (an unknown path over http, to see whether a redirect
    keeps it), "acme" (the HTTP-01 challenge path) or "plain-to-tls". `mentions` are the ws: and
    wss: URLs that the page names. `extended_connect` says whether a server that was asked over
    HTTP/2 would open a WebSocket over it (RFC 8441); None where it was not. A failure may come
    with a status: the answer broke off.
    """

    layer: ClassVar[str] = "http"

    url: str
    address: str
    port: int
    method: str = "GET"
    purpose: str = "target"
    status: int | None = None
    reason: str = ""
    version: str = ""
    headers: Headers = ()
    body: str = ""
    redirected_from: str | None = None
    verified: bool = True
    mentions: tuple[str, ...] = ()
    extended_connect: bool | None = None

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


#: Close codes (RFC 6455 section 7.4.1, IANA's registry) of a server that has no more to say.
_ORDERLY = {1000, 1001, 1005}


def is_policy(close_code: int | None) -> bool:
    """Whether a server closes with this code on purpose: 1008 (policy), 1012 and 1013 (restart,
    try again later), 3000 to 3999 (registered by libraries) and 4000 to 4999 (the application's
    own; RFC 6455 section 7.4.2)."""
    return close_code in {1008, 1012, 1013} or 3000 <= (close_code or 0) <= 4999


@frozen(kw_only=True, eq=False)
class Upgrade(Observation):
    """One WebSocket opening handshake (RFC 6455 section 4) and what followed.

    `variant` is "normal", "no-origin", "subprotocol" (offering what an answer named) or "session"
    (as a Socket.IO client does it, after a first request by polling); to the application itself
    also "http-1.0", "whole-path" (the visitor's path, nothing cut off) and "visitor-host" (the
    site's own name in the Host field, where nginx sends another); where the open connection died,
    "no-ping" (without a ping, as browsers do) and "again" (the same once more). `accepted` says
    whether status, Upgrade, Connection and Sec-WebSocket-Accept were all right, `fault` which of
    them was not ("status", "upgrade", "connection", "accept", "subprotocol").

    Of an open connection, `held_s` is for how many seconds it was watched, `ping_s` the round trip
    of a ping frame (None where no pong came), `frames` the frames that came, `ended` how it ended
    meanwhile ("" where it stayed open): "close" (by a close frame), "eof", "reset", "invalid" (by
    bytes that are no frame) or "http" (by an HTTP answer in place of frames). `close_code` and
    `close_reason` are those of the close frame; the code is 1006 where it ended without one.
    `idle_s` are the seconds of silence after which the open connection was cut, where that was
    seen. `origin` is the Origin that was sent, None for none; `authenticated` says whether
    credentials of the person's were sent along. `through` is "front" (the site's own URL) or
    "application" (the server behind the proxy, tried directly).
    """

    layer: ClassVar[str] = "websocket"

    url: str
    path: str
    address: str
    port: int
    variant: str = "normal"
    through: str = "front"
    status: int | None = None
    reason: str = ""
    headers: Headers = ()
    body: str = ""
    accepted: bool = False
    fault: str = ""
    offered: tuple[str, ...] = ()
    subprotocol: str | None = None
    ping_s: float | None = None
    close_code: int | None = None
    idle_s: float | None = None
    held_s: float | None = None
    ended: str = ""
    close_reason: str = ""
    frames: int = 0
    origin: str | None = None
    authenticated: bool = False

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    @property
    def stayed_open(self) -> bool | None:
        """Whether the connection opened and stayed, or was closed in good order (1000, 1001, or
        without a code). False where it was refused or died. None where the server closed it for
        a reason of its own: credentials, a policy, its restart."""
        if not self.accepted:
            return False
        if not self.ended or self.close_code in _ORDERLY:
            return True
        return None if self.ended == "close" and is_policy(self.close_code) else False


@frozen(kw_only=True, eq=False)
class Clock(Observation):
    """How far this machine's clock is ahead of another's, in seconds, by the Date field of an
    HTTP answer (RFC 9110 section 6.6.1); right to about a second and half the round trip."""

    layer: ClassVar[str] = "host"

    source: str
    ahead_s: float


@frozen
class Attempt:
    """A WebSocket's handshake at the site's own URL as a browser does it: everywhere where it
    ended alike. `retries` are the other handshakes on that path, `site` the statuses with which
    the site's page itself was answered."""

    path: str
    same: tuple[Upgrade, ...]
    retries: tuple[Upgrade, ...] = ()
    site: frozenset[int] = frozenset()

    @property
    def first(self) -> Upgrade:
        return self.same[0]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        addresses = dict.fromkeys(upgrade.address for upgrade in self.same)
        return tuple(
            Subject(address=address, port=self.first.port, path=self.path) for address in addresses
        )

    @property
    def subject(self) -> Subject:
        """The path, at all of them; named by its URL."""
        return replace(merge_subjects(self.subjects), text=self.first.url.partition("?")[0])

    @property
    def because(self) -> tuple[Upgrade, ...]:
        return self.same + self.retries


def websocket_attempts(evidence: Evidence) -> tuple[Attempt, ...]:
    """The handshakes by path and by how they ended."""
    front = [upgrade for upgrade in evidence.of(Upgrade) if upgrade.through == "front"]
    groups: dict[tuple[object, ...], list[Upgrade]] = {}
    for upgrade in front:
        if upgrade.variant == "normal":
            kind = upgrade.failure and upgrade.failure.kind
            ended = (
                upgrade.accepted,
                upgrade.status,
                upgrade.fault,
                kind,
                upgrade.ended,
                upgrade.close_code,
            )
            groups.setdefault((upgrade.path, *ended), []).append(upgrade)
    pages = (exchange for exchange in evidence.of(Exchange) if exchange.purpose == "target")
    site = frozenset(page.status for page in pages if page.status)
    return tuple(
        Attempt(
            group[0].path,
            tuple(group),
            tuple(
                retry
                for retry in front
                if retry.variant != "normal" and retry.path == group[0].path
            ),
            site,
        )
        for group in groups.values()
    )
