"""http.http2-cipher: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import BrowserVisit
from diagnose.model.tls import Handshake
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config

CHECK = "http.http2-cipher"
VISIT = BrowserVisit(
    url="https://shop.example.com/", address="203.0.113.10", port=443, alpn="h2", version="HTTP/2"
)
DONE = Handshake(
    address="203.0.113.10", port=443, protocol="TLSv1.2", cipher="ECDHE-RSA-AES128-SHA"
)


@pytest.mark.parametrize(
    "cipher",
    ["ECDHE-RSA-AES128-SHA", "AES256-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA384"],
)
def test_fires_for_a_suite_that_http_2_forbids(cipher: str) -> None:
    (claim,) = judge(CHECK, VISIT, replace(DONE, cipher=cipher))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["cipher"] == cipher


@pytest.mark.parametrize(
    "cipher",
    ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "DHE-RSA-AES256-GCM-SHA384"],
)
def test_silent_for_a_suite_that_http_2_allows(cipher: str) -> None:
    assert not judge(CHECK, VISIT, replace(DONE, cipher=cipher))


def test_silent_without_http_2_and_with_tls_1_3() -> None:
    assert not judge(CHECK, replace(VISIT, alpn="http/1.1", version="HTTP/1.1"), DONE)
    assert not judge(
        CHECK, VISIT, replace(DONE, protocol="TLSv1.3", cipher="TLS_AES_128_GCM_SHA256")
    )
    assert not judge(CHECK, replace(VISIT, address="203.0.113.11"), DONE)


def test_puts_suites_that_http_2_allows_before_the_others() -> None:
    text = SITE.replace(
        "    ssl_certificate ", "    ssl_ciphers AES128-SHA:HIGH;\n    ssl_certificate ", 1
    )
    (claim,) = judge(CHECK, VISIT, DONE, RUNNING, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:" in edit.diff
    assert "CHACHA20-POLY1305:AES128-SHA:HIGH;" in edit.diff
    (claim,) = judge(CHECK, VISIT, DONE, RUNNING, config(SITE))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
