from diagnose.model.tls import Handshake
from tests.support.certificates import HEALTHY, MIDDLE, leaf, visit
from tests.support.check_evidence import judge

STAPLED = leaf(must_staple=True, ocsp_urls=("http://ocsp.example",))


def asked(stapled: bool | None) -> Handshake:
    return Handshake(address="203.0.113.10", port=443, variant="stapling", stapled=stapled)


def test_fires_when_nothing_is_stapled_on_any_try() -> None:
    observation = visit(STAPLED, MIDDLE)
    (claim,) = judge("certificate.must-staple", observation, asked(False), asked(False))
    assert claim.facts["url"] == "http://ocsp.example"


def test_fires_when_nobody_could_staple_anything() -> None:
    assert judge("certificate.must-staple", visit(leaf(must_staple=True), MIDDLE))


def test_silent_when_it_staples_in_the_end_and_when_that_could_not_be_seen() -> None:
    observation = visit(STAPLED, MIDDLE)
    assert not judge("certificate.must-staple", observation, asked(False), asked(True))
    assert not judge("certificate.must-staple", observation, asked(None))
    assert not judge("certificate.must-staple", HEALTHY, asked(False))
