from dataclasses import replace

from diagnose.model import Applicability, Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import (
    WELL,
    alerted,
    applicability,
    changes,
    said,
    shake,
    with_line,
)


def test_fires_on_the_alert_that_says_so() -> None:
    (claim,) = judge("tls.name-rejected", alerted(112), alerted(112, "other-sni"))
    assert claim.confidence is Confidence.CERTAIN


def test_fires_with_less_confidence_on_another_that_a_different_name_does_not_meet() -> None:
    other = shake("other-sni", server_name="nothing.invalid")
    (claim,) = judge("tls.name-rejected", alerted(40), other)
    assert claim.confidence is Confidence.LIKELY
    assert said(alerted(40), other) == ["tls.name-rejected"]


def test_fires_and_lets_the_sites_own_block_answer() -> None:
    site = config(with_line("ssl_reject_handshake on;"))
    (claim,) = judge("tls.name-rejected", alerted(112), RUNNING, site)
    assert changes(claim) == "-    ssl_reject_handshake on;\n+    ssl_reject_handshake off;"
    assert applicability(claim) is Applicability.REVIEW
    default = with_line("ssl_reject_handshake on;").replace("shop.example.com", "_")
    (claim,) = judge("tls.name-rejected", alerted(112), RUNNING, config(default))
    assert applicability(claim) is Applicability.MANUAL


def test_silent_when_no_name_is_taken() -> None:
    assert not judge("tls.name-rejected", WELL, alerted(112, "other-sni"))
    assert not judge("tls.name-rejected", alerted(40), alerted(40, "other-sni"))


def test_who_asks_by_the_address_is_told_the_names() -> None:
    """No name is sent for an address (RFC 6066 section 3): `server_name` changes nothing."""
    text = (
        "server {\n listen 443 ssl default_server;\n server_name _;\n ssl_reject_handshake on;\n}\n"
        "server {\n listen 443 ssl;\n server_name shop.example.com *.example.net;\n}\n"
    )
    asked = replace(SHOP, host="203.0.113.10", input="203.0.113.10")
    (claim,) = judge("tls.name-rejected", alerted(112), RUNNING, config(text), target=asked)
    assert claim.facts["sites"] == ("shop.example.com",)
    assert "ask-by-name" in str(claim.fix)
