from diagnose.model import Failure
from diagnose.model.tls import Revocation
from tests.support.certificates import HEALTHY, causes, visit
from tests.support.check_evidence import NOW, judge

OCSP = "http://ocsp.example"


def test_fires_when_the_issuer_says_so() -> None:
    said = Revocation(
        serial="3", status="revoked", source=OCSP, revoked_at=NOW, reason="superseded"
    )
    (claim,) = judge("certificate.revoked", HEALTHY, said)
    assert claim.facts["since"] == NOW


def test_fires_when_openssl_says_so() -> None:
    assert causes(visit(code=23)) == ["certificate.revoked"]


def test_silent_when_it_is_good_or_another_or_nobody_answers() -> None:
    assert not judge(
        "certificate.revoked",
        HEALTHY,
        Revocation(serial="3", status="good", source=OCSP),
        Revocation(serial="4", status="revoked", source=OCSP),
        Revocation(serial="3", source=OCSP, failure=Failure("timeout", "timed out")),
    )
