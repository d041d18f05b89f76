"""The certificate's extended key usage leaves out servers (RFC 5280 section 4.2.1.12): one for
clients, for signing code or mail. OpenSSL: 26."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, WRONG_PURPOSE, by_hand, claim
from diagnose.catalogue import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served

_SERVER = {"1.3.6.1.5.5.7.3.1", "2.5.29.37.0"}
_NAMES = {
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
}


@check(severity=Severity.ERROR, needs=[Handshake], explains=BROUGHT_ABOUT)
def wrong_purpose(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence):
        usages = one.leaf.usages
        if WRONG_PURPOSE in one.verify_codes or (usages and not _SERVER.intersection(usages)):
            facts = {"usages": tuple(_NAMES.get(usage, usage) for usage in usages)}
            yield claim(evidence, one, facts, by_hand("reissue"))
