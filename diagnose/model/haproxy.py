"""Observations of HAProxy that only it has: its statistics, and tries of what it is connected to.

They are made only after the site has failed, or where the configuration raises a question.
"""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Digest, FilePath, HostName, Label, Text, UrlPath, Word
from diagnose.model.summary import Summary, answer_phrase, counted, phrase, remarked, socket_text


@frozen
class ServerState:
    """A server of a backend, from the statistics (Management Guide, section 9.1).

    `state` is HAProxy's word ("UP", "DOWN", "MAINT", "no check"). `check` is the result of the last
    health check ("L4CON": no connection, "L7STS": another status than expected), `code` the status
    that the server answered to it (None if there was none), and `detail` the reason in words.
    `current` are its open sessions, and `limit` the largest number ("maxconn"), 0 for no limit.
    `address` is what HAProxy connects to, with the port; "" if the statistics do not show it.
    `now` are the addresses that the name on its line has now, () if they were not looked up.
    """

    backend: Label
    name: Label
    state: Word
    check: Word = ""
    code: int | None = None
    detail: Text = ""
    current: int = 0
    limit: int = 0
    address: Address = ""
    now: tuple[Address, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether further requests wait in the queue."""
        return 0 < self.limit <= self.current

    @property
    def is_down(self) -> bool:
        return self.state.startswith("DOWN")

    @property
    def is_in_maintenance(self) -> bool:
        """Whether it is set aside: by a person, or because its name has no address."""
        return self.state.startswith("MAINT")


@frozen
class ConnectionCount:
    """The open connections of a frontend, or of the whole process ("" for its name), and the
    largest number allowed."""

    name: Label
    current: int
    limit: int

    @property
    def is_full(self) -> bool:
        return 0 < self.limit <= self.current


@frozen
class InvalidResponse:
    """The last response that HAProxy refused, by its "show errors": of which server, and the line
    of the response that is not valid."""

    backend: Label
    server: Label
    line: Text


@frozen(kw_only=True, eq=False)
class HaproxyStatus(Observation):
    """What HAProxy's statistics say, read from its Unix socket. `failed_rewrites` are the frontends
    and backends in which a field had no room in the buffer since HAProxy's start ("wrew")."""

    layer: ClassVar[str] = "server"

    path: FilePath
    servers: tuple[ServerState, ...] = ()
    counts: tuple[ConnectionCount, ...] = ()
    invalid: InvalidResponse | None = None
    failed_rewrites: tuple[Label, ...] = ()

    def of_backend(self, backend: str) -> tuple[ServerState, ...]:
        return tuple(server for server in self.servers if server.backend == backend)

    def summary(self) -> Summary:
        servers = tuple(
            f"{server.backend}/{server.name} {server.state}" for server in self.servers[:12]
        )
        return phrase("HAProxy's servers"), servers


#: The purposes of a request that repeats a health check.
_HEALTH_CHECKS = {"check", "named-check"}


@frozen(kw_only=True, eq=False)
class HaproxyTry(Observation):
    """One request that we sent from the server, as HAProxy or a proxy before it would.

    `purpose` is "page" (the target's page, to a server of a backend), "check" (the health check's
    request), "named-check" (the same with the site's Host, over HTTP/1.1), "front" (the target's
    page, to HAProxy itself) or "protocol" (the page, to a server of a backend of which some servers
    get TLS and others none, as written or the other way). `proxied` is True if a PROXY
    protocol header went before it. `tls` is True if it was made over TLS. `status` is set if an
    HTTP response came.
    """

    layer: ClassVar[str] = "server"

    backend: Label
    name: Label
    address: Address
    port: int
    purpose: Literal["page", "check", "named-check", "front", "protocol"] = "page"
    path: UrlPath = "/"
    proxied: bool = False
    tls: bool = False
    status: int | None = None

    def summary(self) -> Summary:
        place = f"{self.backend}/{self.name}".strip("/") or "HAProxy"
        socket = socket_text(self.address, self.port) if self.port else self.address
        facts = {"place": f"{place} ({socket})", "path": self.path}
        subject = (
            phrase("{place}, health check {path}", **facts)
            if self.purpose in _HEALTH_CHECKS
            else phrase("{place}, page {path}", **facts)
        )
        header = phrase("with a PROXY header") if self.proxied else ""
        return remarked(subject, header), answer_phrase(self.status)


@frozen(kw_only=True, eq=False)
class HandshakeSeries(Observation):
    """Several TLS handshakes with one name, one after the other: the fingerprint of the certificate
    that each got, "" for none."""

    layer: ClassVar[str] = "server"

    name: HostName
    address: Address
    port: int
    certificates: tuple[Digest, ...] = ()

    def summary(self) -> Summary:
        subject = counted(
            "{count} handshake with {name}",
            "{count} handshakes with {name}",
            len(self.certificates),
            name=self.name,
        )
        kinds = len(set(self.certificates))
        if kinds > 1:
            return subject, phrase("{kinds} different answers", kinds=kinds)
        return subject, phrase("the same answer each time")
