from tests.checks.tls.made import SILENCE, WELL, alerted, said, shake
from tests.saying import judge

OLD = shake("old", protocol="TLSv1.1", cipher="TLS_RSA_WITH_AES_128_CBC_SHA")


def test_fires_when_an_old_version_is_offered_besides_a_new_one() -> None:
    (claim,) = judge("tls.obsolete-protocol", WELL, OLD)
    assert claim.facts["protocol"] == "TLSv1.1"


def test_silent_when_it_is_refused_or_the_only_one() -> None:
    assert not judge("tls.obsolete-protocol", WELL, alerted(70, "old"), shake("old", SILENCE))
    assert said(alerted(70), OLD) == ["tls.no-shared-protocol"]
