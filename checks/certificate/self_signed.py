"""The certificate is its own issuer (OpenSSL: 18): the stand-in of a distribution, a panel or a
test, or one made by hand. It has to be replaced, and so explains its own dates, names and
strength; see `checks.certificate`."""

from collections.abc import Iterator

from checks.certificate import BROUGHT_ABOUT, REPLACED, by_hand, chain_fault, claim, replaced
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.name-mismatch", *REPLACED, *BROUGHT_ABOUT],
)
def self_signed(evidence: Evidence) -> Iterator[Claim]:
    for one in served(evidence, lambda seen: chain_fault(evidence, seen) == "self-signed"):
        fix, place = replaced(evidence, one)
        yield claim(evidence, one, place, fix or by_hand("get-a-certificate"))
