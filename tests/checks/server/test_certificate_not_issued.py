from dataclasses import replace

from diagnose.model import Edit
from tests.support.caddy_evidence import CADDY, INTERNAL_ERROR, caddy_config, document
from tests.support.check_evidence import judge

CHECK = "server.certificate-not-issued"
ACME = document("shop.example.com", tls="acme")
OFF = document("shop.example.com", tls="none", mode={"disable": True})
LOG = "could not get certificate from issuer: DNS problem: NXDOMAIN looking up A"


def test_fires_with_what_the_log_says() -> None:
    config = caddy_config("shop.example.com {\n}\n", ACME, complaint=LOG)
    (claim,) = judge(CHECK, CADDY, config, INTERNAL_ERROR)
    assert claim.facts["message"] == LOG
    assert claim.facts["tries"] is True


def test_fires_with_the_authoritys_reason() -> None:
    limit = (
        "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates, retry after 20"
    )
    config = caddy_config("shop.example.com {\n}\n", ACME, complaint=limit)
    (claim,) = judge(CHECK, CADDY, config, INTERNAL_ERROR)
    assert (claim.facts["limit"], claim.facts["caa"]) == (True, False)
    # Each order more would make it longer.
    assert claim.fix is not None
    assert [type(step).__name__ for step in claim.fix.steps] == ["Manual"]
    closed = "urn:ietf:params:acme:error:connection - 203.0.113.9: Timeout during connect"
    config = caddy_config("shop.example.com {\n}\n", ACME, complaint=closed)
    (claim,) = judge(CHECK, CADDY, config, INTERNAL_ERROR)
    assert (claim.facts["closed"], claim.facts["address"]) == (True, "203.0.113.9")


def test_fires_when_automatic_certificates_are_off() -> None:
    config = caddy_config("shop.example.com {\n}\n", OFF)
    (claim,) = judge(CHECK, CADDY, config, INTERNAL_ERROR)
    assert claim.facts["tries"] is False


def test_silent_when_it_has_files_or_the_handshake_is_fine() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), INTERNAL_ERROR)
    config = caddy_config("shop.example.com {\n}\n", ACME)
    assert not judge(CHECK, CADDY, config, replace(INTERNAL_ERROR, alert=None))
    good = replace(INTERNAL_ERROR, alert=None, failure=None)
    assert not judge(CHECK, CADDY, config, INTERNAL_ERROR, good)


def test_fires_when_the_address_has_no_name() -> None:
    nameless = document(tls="none", mode={"disable_redirects": True})
    (claim,) = judge(CHECK, CADDY, caddy_config(":443 {\n}\n", nameless), INTERNAL_ERROR)
    assert claim.facts["nameless"] is True


def test_fires_with_the_option_that_turns_certificates_off() -> None:
    text = "{\n\tauto_https off\n}\nshop.example.com {\n}\n"
    (claim,) = judge(CHECK, CADDY, caddy_config(text, OFF), INTERNAL_ERROR, masked=False)
    assert claim.facts["option_place"] == "/etc/caddy/Caddyfile:2"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-\tauto_https off\n" in edit.diff
