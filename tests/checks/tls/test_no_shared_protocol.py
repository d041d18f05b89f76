from diagnose.model import Confidence, Failure
from tests.checks.tls.made import WELL, alerted, said, shake
from tests.saying import judge

FOREIGN = Failure(
    "protocol", "[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol", name="UNSUPPORTED_PROTOCOL"
)


def test_fires_when_only_old_versions_go_well() -> None:
    (claim,) = judge("tls.no-shared-protocol", alerted(70), shake("old", protocol="TLSv1"))
    assert claim.facts["old"] == "TLSv1"
    assert claim.confidence is Confidence.CERTAIN
    assert said(alerted(40), shake("old", protocol="TLSv1.1")) == ["tls.no-shared-protocol"]


def test_fires_when_no_version_at_all_is_taken() -> None:
    assert said(alerted(70), alerted(70, "old"), alerted(70, "any-cipher")) == [
        "tls.no-shared-protocol"
    ]


def test_fires_when_an_old_server_answers_in_its_own_version() -> None:
    assert said(shake(failure=FOREIGN)) == ["tls.no-shared-protocol"]


def test_silent_when_a_current_version_is_taken_and_for_other_alerts() -> None:
    assert not judge("tls.no-shared-protocol", WELL, shake("old", protocol="TLSv1"))
    assert not judge("tls.no-shared-protocol", WELL, alerted(70, "old"), alerted(70, "tls1.2"))
    assert not judge("tls.no-shared-protocol", alerted(40), alerted(70, "old"))
