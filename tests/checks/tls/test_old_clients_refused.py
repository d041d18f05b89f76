"""tls.old-clients-refused: when it fires, and when it is silent."""

from diagnose.model import Failure
from diagnose.model.tls import Handshake, HandshakeVariant
from tests.support.check_evidence import judge

CHECK = "tls.old-clients-refused"
VERSION = Failure("alert", "protocol version", 70, "protocol_version")


def shaken(
    variant: HandshakeVariant, failure: Failure | None = None, address: str = "203.0.113.10"
) -> Handshake:
    return Handshake(address=address, port=443, variant=variant, failure=failure)


def test_fires_where_tls_1_2_is_refused() -> None:
    refused = shaken("tls1.2", VERSION), shaken("p-256", VERSION)
    (claim,) = judge(CHECK, shaken("normal"), *refused)
    assert claim.facts["versions"]


def test_fires_where_p_256_is_refused() -> None:
    failure = Failure("alert", "handshake failure", 40, "handshake_failure")
    (claim,) = judge(CHECK, shaken("normal"), shaken("tls1.2"), shaken("p-256", failure))
    assert not claim.facts["versions"]


def test_silent_where_both_are_let_in_or_nobody_asked() -> None:
    assert not judge(CHECK, shaken("normal"), shaken("tls1.2"), shaken("p-256"))
    assert not judge(CHECK, shaken("normal"))


def test_silent_where_browsers_are_refused_too() -> None:
    assert not judge(CHECK, shaken("normal", VERSION), shaken("tls1.2", VERSION))


def test_silent_after_a_timeout_which_is_no_refusal() -> None:
    slow = Failure("timeout", "timed out")
    assert not judge(CHECK, shaken("normal"), shaken("tls1.2", slow))
