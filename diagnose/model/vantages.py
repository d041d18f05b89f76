"""Observations of other places (`--vantage`): machines of the user's own, reached by SSH, and the
probes of a public service. They have kinds of their own, so that no check takes them for what this
machine or the server observed."""

from typing import ClassVar, Literal

from diagnose.model import Evidence, Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, DomainName, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, Words, answer_phrase, phrase, remarked, socket_text
from diagnose.model.tls import Certificate

VisitPurpose = Literal["target", "again", "control", "websocket"]

#: The place of the probes of the public service Globalping.
GLOBALPING = "globalping"


@frozen(kw_only=True, eq=False)
class VantagePoint(Observation):
    """A place from which the target was to be visited.

    `place` is "ssh://…" or "globalping"; `location` says where a probe of the public service is
    ("Hangzhou, CN, AS37963"), "" for a machine of one's own. `tools` are the programs that it has
    for the visit. `published` is where anybody can read the measurement, "" if nobody can. The
    failure is why nothing could be observed from there. `source` is its address as it sees it
    itself, "" if unknown.
    """

    layer: ClassVar[str] = "host"

    place: Url
    location: Text = ""
    tools: tuple[Word, ...] = ()
    published: Url = ""
    source: Address = ""

    def summary(self) -> Summary:
        tools = phrase("has {tools}", tools=self.tools) if self.tools else phrase("usable")
        subject = phrase("vantage {place}", place=place_text(self.place, self.location))
        return subject, self.published or tools


@frozen(kw_only=True, eq=False)
class VantageResolution(Observation):
    """The target's addresses as the resolver of a vantage knows them. The failure of kind
    "resolution" says that the name has none there."""

    layer: ClassVar[str] = "dns"

    place: Url
    name: DomainName
    location: Text = ""
    addresses: tuple[Address, ...] = ()

    def summary(self) -> Summary:
        subject = phrase(
            "{name} at {place}", name=self.name, place=place_text(self.place, self.location)
        )
        return subject, self.addresses


_PURPOSES: dict[VisitPurpose, Words] = {
    "again": phrase("again"),
    "control": phrase("another port, as a control"),
    "websocket": "WebSocket",
}


@frozen(kw_only=True, eq=False)
class VantageVisit(Observation):
    """One visit to one address from a vantage: as far as it came, and why it ended there.

    `purpose` is "target" (the page), "again" (the same, repeated because it failed or was an
    error), "control" (another port of the address, only connected) or "websocket" (the handshake
    at `path`). `connected` and `secured` say whether TCP and TLS were established; `secured` is
    False for http, and None if it is not known. `status` is that of the response, None without one.
    `chain` is the certificate that was served there, () if it was not read. `source` is the address
    from which the vantage connected, as itself sees it. `anonymous` is True if this machine sent
    header fields of the user's, which are never sent from elsewhere: the answers may differ for
    that.
    """

    layer: ClassVar[str] = "tcp"

    place: Url
    location: Text = ""
    address: Address
    port: int
    purpose: VisitPurpose = "target"
    path: UrlPath = ""
    source: Address = ""
    connected: bool = False
    secured: bool | None = False
    status: int | None = None
    chain: tuple[Certificate, ...] = ()
    anonymous: bool = False

    @property
    def is_unroutable(self) -> bool:
        """True if the place had no way to send anything, as to IPv6 from a network without it."""
        return self.failure is not None and self.failure.name == "ENETUNREACH"

    @property
    def is_page(self) -> bool:
        return self.purpose in {"target", "again"}

    def summary(self) -> Summary:
        subject = phrase(
            "{place} to {endpoint}",
            place=place_text(self.place, self.location),
            endpoint=f"{socket_text(self.address, self.port)}{self.path}",
        )
        steps: tuple[Words, ...] = (
            phrase("connected") if self.connected else "",
            "TLS" if self.secured else "",
            "" if self.status is None else answer_phrase(self.status),
        )
        return (
            remarked(subject, _PURPOSES.get(self.purpose, "")),
            tuple(step for step in steps if step) or "",
        )


def place_text(place: str, location: str) -> str:
    """Return a vantage in words."""
    return f"{place} ({location})" if location else place


def visit_place(visit: VantageVisit | VantageResolution | VantagePoint) -> str:
    return place_text(visit.place, visit.location)


def page_visits(evidence: Evidence) -> dict[tuple[str, str], tuple[VantageVisit, ...]]:
    """Return the visits to the target itself, by place and address, in the order of the places."""
    visits: dict[tuple[str, str], tuple[VantageVisit, ...]] = {}
    for visit in evidence.of(VantageVisit):
        if visit.is_page and visit.address:
            key = visit_place(visit), visit.address
            visits[key] = (*visits.get(key, ()), visit)
    return visits
