"""The certificate is its own issuer (OpenSSL: 18): a placeholder of a distribution, a panel or a
test, or one made by hand. It must be replaced, so this check explains its dates, names and
strength; see `checks.certificate`."""

from collections.abc import Iterator

from checks.certificate import COMMON_EFFECTS, REPLACEABLE_FAULTS, chain_fault, claim, request_fix
from checks.certificate._replacement import replacement_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.tls import Handshake, served_certificates


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.name-mismatch", *REPLACEABLE_FAULTS, *COMMON_EFFECTS],
)
def self_signed(evidence: Evidence) -> Iterator[Claim]:
    for served_cert in served_certificates(
        evidence, lambda handshake: chain_fault(evidence, handshake) == "self-signed"
    ):
        fix, replacement_facts = replacement_fix(evidence, served_cert)
        yield claim(
            evidence,
            served_cert,
            replacement_facts,
            fix or request_fix(evidence, "get-a-certificate"),
        )
