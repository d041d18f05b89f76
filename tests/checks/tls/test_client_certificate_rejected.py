"""tls.client-certificate-rejected: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.logs import LogLine
from diagnose.parsers.symptoms import message_symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import WELL, applicability, changes, shake, with_line

CHECK = "tls.client-certificate-rejected"
WANTING = shake(wants_client_certificate=True)
PAGE = "400 Bad Request The SSL certificate error nginx"
VERIFY = (
    "client SSL certificate verify error: (22:certificate chain too long) while reading request"
)
AUTHORITIES = "/etc/nginx/clients.pem"
MUTUAL = f"ssl_verify_client on; ssl_client_certificate {AUTHORITIES};"


def logged(text: str) -> LogLine:
    return LogLine(
        file="/var/log/nginx/error.log", when=9e9, level="info", pid=7, text=text,
        host="shop.example.com",
    )  # fmt: skip


def claims(*evidence: Any, message: str = PAGE) -> list[Any]:
    target = replace(SHOP, symptom=message_symptom(message) if message else None)
    return judge(CHECK, *evidence, target=target)


def test_fires_with_the_longer_chain_that_the_log_tells_of() -> None:
    (claim,) = claims(WANTING, RUNNING, config(with_line(MUTUAL)), logged(VERIFY))
    assert (claim.confidence, claim.facts["reason"]) == (
        Confidence.LIKELY,
        "certificate chain too long",
    )
    assert applicability(claim) is Applicability.REVIEW
    assert "ssl_verify_depth 3;" in changes(claim)


def test_openssl_3_says_of_a_long_chain_that_an_issuer_is_missing() -> None:
    line = logged(VERIFY.replace("22:certificate chain too long", "20:unable to get local issuer"))
    (claim,) = claims(WANTING, RUNNING, config(with_line(MUTUAL)), line)
    assert "ssl_verify_depth 3;" in changes(claim)
    written = config(with_line(f"{MUTUAL} ssl_verify_depth 1;"))
    (claim,) = claims(WANTING, RUNNING, written, line)
    assert applicability(claim) is Applicability.MANUAL


def test_fires_by_the_pasted_line_of_the_log() -> None:
    text = VERIFY.replace("22:certificate chain too long", "12:CRL has expired")
    (claim,) = claims(WANTING, RUNNING, config(with_line(MUTUAL)), message=text)
    assert claim.facts["list_expired"] is True
    assert claim.confidence is Confidence.CERTAIN
    assert applicability(claim) is Applicability.MANUAL


def test_is_likely_without_a_reason() -> None:
    (claim,) = claims(WANTING, RUNNING, config(with_line(MUTUAL)))
    assert (claim.confidence, claim.facts["reason"]) == (Confidence.LIKELY, "")
    assert claim.facts["authorities"] == AUTHORITIES


@pytest.mark.parametrize("message", ["", "400 No required SSL certificate was sent"])
def test_silent_for_a_visitor_without_a_certificate(message: str) -> None:
    assert not claims(WANTING, logged(VERIFY), message=message)


def test_silent_where_no_certificate_is_asked_for() -> None:
    assert not claims(WELL, logged(VERIFY))
