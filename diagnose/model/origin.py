"""Observations of the origin: the server behind a CDN or a balancer (`--origin-address`)."""

from typing import ClassVar

from diagnose.model import Evidence, Observation
from diagnose.model.dns import resolved_addresses
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Headers, Url
from diagnose.model.summary import Summary, answer_phrase, phrase, remarked, socket_text
from diagnose.model.tls import Certificate


@frozen(kw_only=True, eq=False)
class OriginVisit(Observation):
    """A request for the target at the origin's address, with the site's own name as SNI and Host.

    `connected` and `secured` say whether TCP and TLS were established; the certificate is read and
    not verified, because a CDN accepts other ones than browsers do. `again` is True for the second
    visit after a failure or an error. `anonymous` is True if header fields of the user's were left
    out, because the certificate does not prove who answers.
    """

    layer: ClassVar[str] = ""

    url: Url
    address: Address
    port: int
    connected: bool = False
    secured: bool = False
    status: int | None = None
    headers: Headers = ()
    chain: tuple[Certificate, ...] = ()
    again: bool = False
    anonymous: bool = False

    def summary(self) -> Summary:
        subject = phrase(
            "{url} at the origin {place}", url=self.url, place=socket_text(self.address, self.port)
        )
        return remarked(subject, phrase("again") if self.again else ""), answer_phrase(self.status)


def origin_visits(evidence: Evidence) -> tuple[OriginVisit, ...]:
    """Return the visits to the origin; none if the name leads to it directly."""
    own_addresses = resolved_addresses(evidence)
    return tuple(visit for visit in evidence.of(OriginVisit) if visit.address not in own_addresses)
