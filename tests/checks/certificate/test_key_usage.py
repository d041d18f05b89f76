from dataclasses import replace

import pytest

from diagnose.model.tls import Certificate
from tests.support.certificates import MIDDLE, causes, leaf, visit
from tests.support.check_evidence import judge

CHECK = "certificate.key-usage"
ENCRYPTS = leaf(key_type="RSA", key_bits=2048, key_usages=("keyEncipherment", "dataEncipherment"))
SIGNS = leaf(key_type="RSA", key_usages=("digitalSignature",))


def test_fires_where_the_server_signs_and_must_not() -> None:
    observation = visit(ENCRYPTS, MIDDLE, cipher="TLS_AES_256_GCM_SHA384")
    (claim,) = judge(CHECK, observation)
    assert claim.facts["needed"] == "digitalSignature"
    assert causes(observation) == [CHECK]


def test_silent_where_the_usage_allows_it_or_says_nothing() -> None:
    for certificate in (SIGNS, leaf(key_usages=())):
        assert not judge(CHECK, visit(certificate, MIDDLE, cipher="TLS_AES_256_GCM_SHA384"))


def test_silent_where_the_suite_is_unknown() -> None:
    assert not judge(CHECK, visit(ENCRYPTS, MIDDLE))


def test_silent_where_the_purpose_is_wrong_as_openssl_says() -> None:
    unfit = leaf(key_usages=("cRLSign",))
    observation = visit(unfit, MIDDLE, code=26, cipher="TLS_AES_256_GCM_SHA384")
    assert not judge(CHECK, observation)


@pytest.mark.parametrize(
    ("cipher", "certificate", "fires"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", ENCRYPTS, True),
        ("AES128-GCM-SHA256", ENCRYPTS, False),
        ("AES128-GCM-SHA256", SIGNS, True),
    ],
)
def test_in_tls_1_2_the_suite_decides(cipher: str, certificate: Certificate, fires: bool) -> None:
    observation = replace(visit(certificate, MIDDLE, cipher=cipher), protocol="TLSv1.2")
    assert bool(judge(CHECK, observation)) is fires
