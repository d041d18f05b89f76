"""The certificate has no subject alternative name, and the host only in its common name. curl and
OpenSSL still take that; browsers have not since 2017 (RFC 9525 section 2)."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, by_hand, claim
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served
from diagnose.parsers.hostnames import covers


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def no_san(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        named = bool(one.leaf.dns_names or one.leaf.addresses) or "names" in one.leaf.unread
        common = (one.leaf.common_name,) if one.leaf.common_name else ()
        # Where the common name is another, the name is the fault: certificate.name-mismatch.
        if not named and (not common or covers(evidence.target.host, common, common)):
            yield claim(evidence, one, {}, by_hand("reissue"))
