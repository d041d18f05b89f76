"""TLS 1.0 or 1.1 is still offered besides newer versions (RFC 8996). Only a server that went
through its whole first flight in that version counts: OpenSSL 3 at its default security level
offers neither, whatever nginx's configuration says."""

from collections.abc import Iterator

from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    endpoints,
    together,
)
from diagnose.model.tls import Handshake


@check(severity=Severity.WARNING, needs=[Handshake])
def obsolete_protocol(evidence: Evidence) -> Iterator[Claim]:
    reached = {one.address for one in evidence.of(Handshake) if one.as_a_visitor and one.protocol}
    old = [
        one for one in evidence.good(Handshake) if one.variant == "old" and one.address in reached
    ]
    if not old:
        return
    subjects = endpoints((one.address for one in old), old[0].port)
    yield Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(old),
        facts={
            "name": evidence.target.host,
            "addresses": tuple(one.address for one in old),
            "port": old[0].port,
            "protocol": old[0].protocol,
            "cipher": old[0].cipher,
        },
        fix=Fix((Manual("set-protocols", Where.SERVER),), Applicability.MANUAL),
    )
