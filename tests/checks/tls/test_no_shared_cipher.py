from diagnose.model import Confidence
from tests.checks.tls.made import WELL, alerted, said, shake
from tests.saying import judge


def test_fires_when_the_server_takes_what_clients_no_longer_offer() -> None:
    taken = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_RSA_WITH_RC4_128_SHA")
    (claim,) = judge("tls.no-shared-cipher", alerted(40), taken)
    assert claim.facts["cipher"] == "TLS_RSA_WITH_RC4_128_SHA"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_with_less_confidence_when_it_takes_nothing() -> None:
    controls = [alerted(40, variant) for variant in ("any-cipher", "no-sni", "other-sni", "tls1.2")]
    (claim,) = judge("tls.no-shared-cipher", alerted(40), *controls, alerted(70, "old"))
    assert claim.confidence is Confidence.LIKELY
    assert said(alerted(40), *controls) == ["tls.no-shared-cipher"]


def test_silent_when_name_version_or_a_missing_certificate_is_the_reason() -> None:
    assert not judge("tls.no-shared-cipher", WELL)
    assert not judge("tls.no-shared-cipher", alerted(40), shake("other-sni"))
    assert not judge("tls.no-shared-cipher", alerted(40), shake("old", protocol="TLSv1"))
    assert not judge("tls.no-shared-cipher", alerted(40, wants_client_certificate=True))
