"""Whether the site is where its name leads, as its certificate proves."""

from diagnose.model import Evidence
from diagnose.model.addresses import is_private
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers


def is_proven_site(evidence: Evidence, public: bool = False) -> bool:
    """Return whether an address of the name has a certificate that browsers accept for it. If
    `public`, only addresses count that visitors from outside can reach: at 127.0.0.1 the server
    meets itself."""
    return any(
        handshake.failure is None
        and not (public and is_private(handshake.address))
        and not handshake.verify_code
        and bool(handshake.chain)
        and covers(evidence.target.host, handshake.chain[0].dns_names, handshake.chain[0].addresses)
        for handshake in evidence.of(Handshake)
    )
