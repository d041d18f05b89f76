from diagnose.model import Confidence, Failure
from diagnose.model.tls import Alert, Handshake
from tests.support.certificates import HEALTHY, MIDDLE, causes, leaf, visit
from tests.support.check_evidence import judge

CHECK = "certificate.key-unsupported"
P521 = visit(leaf(key_bits=521, curve="secp521r1"), MIDDLE)


def control(alert: str = "", code: int = 40) -> Handshake:
    failure = Failure("alert", alert, code, alert) if alert else None
    return Handshake(
        address="203.0.113.10", port=443, variant="browser-key", failure=failure,
        alert=Alert(2, code, alert) if alert else None,
    )  # fmt: skip


def test_fires_for_certain_where_the_server_has_nothing_for_browsers() -> None:
    (claim,) = judge(CHECK, P521, control("handshake_failure"))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["curve"] == "P-521"
    assert claim.facts["firefox"]
    assert causes(P521, control("handshake_failure")) == [CHECK]


def test_fires_with_less_confidence_without_the_control() -> None:
    (claim,) = judge(CHECK, P521)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, P521, control("protocol_version", 70))
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_edwards_curves() -> None:
    observation = visit(leaf(key_type="Ed25519"), MIDDLE)
    (claim,) = judge(CHECK, observation, control("handshake_failure"))
    assert claim.facts["curve"] == "Ed25519"
    assert not claim.facts["firefox"]


def test_silent_where_browsers_get_another_certificate() -> None:
    assert not judge(CHECK, P521, control())


def test_silent_for_keys_that_browsers_use() -> None:
    assert not judge(CHECK, HEALTHY)
    for certificate in (leaf(curve="secp384r1"), leaf(key_type="RSA"), leaf(curve="")):
        assert not judge(CHECK, visit(certificate, MIDDLE))
