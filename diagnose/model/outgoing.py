"""Observations of the connections that a site's program makes itself."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.containers import Container
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Digest, FilePath, HostName, Label, Text, Url
from diagnose.model.summary import Summary, clauses, phrase

#: How far a connection came. "connected": without TLS, which was not asked for. "stalled": nothing
#: came back after the connection; "closed": TLS failed otherwise. "untrusted": the certificate was
#: not accepted. "denied": the proxy on the way said no.
Outcome = Literal[
    "ok", "connected", "refused", "unreachable", "timeout", "stalled", "closed", "untrusted",
    "denied",
]  # fmt: skip


@frozen
class Attempt:
    """A connection to one address. `code` is OpenSSL's number of what is wrong with the certificate
    (X509_STORE_CTX_get_error(3)), 0 for nothing; `words` are its words. `certificates` are subject
    and issuer of each that was sent."""

    address: Address
    outcome: Outcome
    code: int = 0
    words: Text = ""
    certificates: tuple[tuple[Text, Text], ...] = ()

    @property
    def is_well(self) -> bool:
        return self.outcome in {"ok", "connected"}


@frozen(kw_only=True, eq=False)
class OutgoingTry(Observation):
    """What a program of the site meets where it wants to connect to `host` and `port`, as its own
    message says, tried from where it runs; or, with the place "server", from the server itself.

    `pid` and `program` are its process. `unit` is its service, "" if it has none. `container` is as
    its engine lists it, `digest` its id. `front` is the container that publishes the port, and
    `neighbour` the one that has the host as its name, or as that of its service. `sources` are its
    own addresses, `name_servers` those of its resolv.conf. `names` tells whether the name has
    addresses: "silent" if no name server answered. `authorities` are the files that say whom it
    trusts, () for those of the server; `proxy` is the one that its environment names.
    """

    layer: ClassVar[str] = "upstream"

    place: Literal["server", "service", "container"]
    host: HostName
    port: int
    uses_tls: bool = True
    pid: int = 0
    program: Label = ""
    unit: Label = ""
    container: Container | None = None
    digest: Digest = ""
    front: Container | None = None
    neighbour: Container | None = None
    sources: tuple[Address, ...] = ()
    name_servers: tuple[Address, ...] = ()
    names: Literal["found", "missing", "silent"] = "found"
    attempts: tuple[Attempt, ...] = ()
    authorities: tuple[FilePath, ...] = ()
    proxy: Url = ""

    @property
    def title(self) -> str:
        """What the program is called: by its container, its service, or its process."""
        name = self.container.name if self.container else self.digest[:12]
        return name or self.unit or self.program

    @property
    def is_of_server(self) -> bool:
        """Whether it is the way of the server itself, to compare."""
        return self.place == "server"

    @property
    def has_addresses(self) -> bool:
        """Whether the name was found."""
        return self.names == "found"

    @property
    def is_well(self) -> bool:
        """Whether a connection came about, or, without a port, the name is found."""
        is_name_alone = not self.port and self.has_addresses
        return is_name_alone or any(attempt.is_well for attempt in self.attempts)

    @property
    def worst(self) -> Attempt | None:
        """The connection that came farthest of those that failed, None if one did not."""
        if self.is_well or not self.attempts:
            return None
        order = ("untrusted", "closed", "denied", "stalled", "refused", "unreachable", "timeout")
        return min(self.attempts, key=lambda attempt: order.index(attempt.outcome))

    @property
    def progress(self) -> int:
        """How many of the three steps succeeded: the name, the connection, TLS."""
        if not self.has_addresses:
            return 0
        worst = self.worst
        if worst is None:
            return 3 if self.is_well else 0
        return 1 if worst.outcome in {"refused", "unreachable", "timeout", "denied"} else 2

    def summary(self) -> Summary:
        subject = (
            phrase("the way from the server to {host}", host=self.host)
            if self.is_of_server
            else phrase("the way of {program} to {host}", program=self.title, host=self.host)
        )
        if not self.has_addresses:
            return subject, phrase("no address")
        return subject, clauses(
            *(f"{attempt.address} {attempt.outcome}" for attempt in self.attempts)
        )
