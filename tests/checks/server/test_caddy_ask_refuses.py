"""server.caddy-ask-refuses: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence
from tests.support.caddy_evidence import CADDY, CONFIG, INTERNAL_ERROR, caddy_config, document
from tests.support.check_evidence import judge

CHECK = "server.caddy-ask-refuses"
SITE = "https:// {\n\ttls {\n\t\ton_demand\n\t}\n}\n"
TEXT = "{\n\ton_demand_tls {\n\t\task http://127.0.0.1:5555/check\n\t}\n}\n" + SITE
ACME = document(tls="acme")
LOG = "certificate is not allowed for server name shop.example.com: decision func: 403"


def test_fires_with_what_the_log_says() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(TEXT, ACME, complaint=LOG), INTERNAL_ERROR)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["ask"] == "http://127.0.0.1:5555/check"
    assert claim.facts["place"] == f"{CONFIG}:3"


def test_fires_without_a_log_as_likely() -> None:
    (claim,) = judge(CHECK, CADDY, caddy_config(TEXT, ACME), INTERNAL_ERROR)
    assert claim.confidence is Confidence.LIKELY


def test_silent_without_ask_or_with_a_certificate() -> None:
    assert not judge(CHECK, CADDY, caddy_config(SITE, ACME), INTERNAL_ERROR)
    good = replace(INTERNAL_ERROR, alert=None, failure=None)
    assert not judge(CHECK, CADDY, caddy_config(TEXT, ACME), good)
    unused = TEXT.replace("on_demand\n", "issuer acme\n")
    assert not judge(CHECK, CADDY, caddy_config(unused, ACME), INTERNAL_ERROR)
