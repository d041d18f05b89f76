"""Name servers that a registrar puts in the place of a domain's own: it has expired, or is held
back. And those of parking services, which show advertisements. No I/O.
"""

from typing import Literal

from diagnose.model.frozen import frozen

#: The month in which these names were looked up.
AS_OF = "2026-11"

#: Why a domain has such servers: it expired; its owner's data was not confirmed; it is parked.
ParkingReason = Literal["expired", "held", "parked"]


@frozen
class ParkingServers:
    """Name servers, or an alias, under `suffix`, whose they are, and where this is from."""

    suffix: str
    owner: str
    reason: ParkingReason
    source: str


_REPORTS = "several independent reports of owners, 2026"

SERVERS = (
    ParkingServers(
        "expirens3.hichina.com",
        "Alibaba Cloud",
        "expired",
        "Alibaba Cloud, Domain name expiration and renewal",
    ),
    ParkingServers(
        "expirens4.hichina.com",
        "Alibaba Cloud",
        "expired",
        "Alibaba Cloud, Domain name expiration and renewal",
    ),
    ParkingServers("expired.hichina.com", "Alibaba Cloud", "expired", _REPORTS),
    ParkingServers("renewyourname.net", "Tucows", "expired", _REPORTS),
    ParkingServers("pendingrenewaldeletion.com", "Web.com", "expired", _REPORTS),
    ParkingServers("onamae-expired.com", "Onamae.com", "expired", _REPORTS),
    ParkingServers("failed-whois-verification.namecheap.com", "Namecheap", "held", _REPORTS),
    ParkingServers("verify-contact-details.namecheap.com", "Namecheap", "held", _REPORTS),
    ParkingServers(
        "verification-hold.suspended-domain.com", "PublicDomainRegistry", "held", _REPORTS
    ),
    ParkingServers("sedoparking.com", "Sedo", "parked", "Sedo, name servers for parking"),
    ParkingServers("parkingcrew.net", "ParkingCrew", "parked", "ParkingCrew, name servers"),
    ParkingServers("bodis.com", "Bodis", "parked", "Bodis, name servers"),
)


def parking_servers(name: str) -> ParkingServers | None:
    """Return whose parking a name server or an alias belongs to, or None."""
    bare = name.lower().rstrip(".")
    return next(
        (
            servers
            for servers in SERVERS
            if bare == servers.suffix or bare.endswith(f".{servers.suffix}")
        ),
        None,
    )
