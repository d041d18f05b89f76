import pytest

from diagnose.model import Applicability, Claim, Confidence, Failure, Severity
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.tls_evidence import WELL, alerted, said, shake

CHECK = "tls.refused-here"


def refusing(reason: str, variant: str = "normal") -> Handshake:
    words = reason.replace("_", " ").lower()
    return shake(variant, Failure("protocol", f"[SSL: {reason}] {words}", name=reason))


TAKEN = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")


def claim(*observations: Handshake) -> Claim:
    (made,) = judge(CHECK, *observations)
    return made


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        ("DH_KEY_TOO_SMALL", "dh"),
        ("EXCESSIVE_MESSAGE_SIZE", "shorten"),
        ("UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "renegotiation"),
        ("UNEXPECTED_MESSAGE", "compare"),
        ("BAD_EXTENSION", "compare"),
        ("BAD_SIGNATURE", "compare"),
    ],
)
def test_fires_where_openssl_ends_it(reason: str, step: str) -> None:
    observations = (refusing(reason), TAKEN, shake("tls1.2", refusing(reason).failure))
    assert said(*observations) == [CHECK]
    made = claim(*observations)
    assert made.fix
    assert [step.step for step in made.fix.steps] == [step]  # type: ignore[union-attr]
    assert "tls.no-shared-cipher" in made.ruled_out


def test_fires_and_is_sure_only_of_what_openssl_names() -> None:
    assert claim(refusing("DH_KEY_TOO_SMALL")).confidence is Confidence.CERTAIN
    assert claim(refusing("UNEXPECTED_MESSAGE")).confidence is Confidence.LIKELY


def test_fires_and_takes_small_parameters_out_where_other_suites_are_offered() -> None:
    text = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    ssl_dhparam /etc/ssl/dh.pem;")
    seen = (refusing("DH_KEY_TOO_SMALL"), config(text), RUNNING, BUILD)
    (made,) = judge(CHECK, *seen, shake("no-dhe"))
    assert made.fix
    assert made.fix.applicability is Applicability.REVIEW
    assert "-    ssl_dhparam /etc/ssl/dh.pem;" in made.fix.edits[0].diff
    (made,) = judge(CHECK, *seen)
    assert made.fix
    assert made.fix.applicability is Applicability.MANUAL


def test_warns_where_browsers_get_in() -> None:
    small = refusing("DH_KEY_TOO_SMALL")
    assert claim(small).severity is None
    assert claim(small, shake("no-dhe")).severity is Severity.WARNING
    old = refusing("UNSAFE_LEGACY_RENEGOTIATION_DISABLED")
    assert claim(old, shake("lenient")).severity is Severity.WARNING


def test_fires_where_only_the_limits_keep_it_out() -> None:
    observations = (alerted(40), TAKEN, shake("lenient", cipher="ECDHE-RSA-AES256-GCM-SHA384"))
    assert said(*observations) == [CHECK]
    assert claim(*observations).facts["weak"]


def test_silent_where_the_server_takes_another_suite_only() -> None:
    taken = shake("any-cipher", protocol="TLSv1.2", cipher="TLS_RSA_WITH_SEED_CBC_SHA")
    assert said(alerted(40), taken, shake("lenient")) == ["tls.no-shared-cipher"]


def test_silent_where_it_is_well_or_does_not_answer_in_tls() -> None:
    assert not judge(CHECK, WELL)
    assert not judge(CHECK, shake(failure=refusing("WRONG_VERSION_NUMBER").failure, received="SSH"))
