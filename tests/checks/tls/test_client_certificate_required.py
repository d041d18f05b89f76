from typing import Any

from diagnose.model import Applicability, Confidence, Failure
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.tls_evidence import (
    OWN,
    WELL,
    alerted,
    applicability,
    changes,
    said,
    shake,
    with_line,
)

WANTING = shake(wants_client_certificate=True)


def answer(**other: Any) -> Exchange:
    return Exchange(
        **{"url": "https://shop.example.com/", "address": "203.0.113.10", "port": 443, **other}
    )


def test_fires_on_the_answer_of_nginx() -> None:
    body = "<center>No required SSL certificate was sent</center>"
    (claim,) = judge("tls.client-certificate-required", WANTING, answer(status=400, body=body))
    assert str(claim.about) == "203.0.113.10:443"


def test_fires_on_an_alert_after_the_handshake() -> None:
    failure = Failure("alert", "tlsv13 alert certificate required", 116, "certificate_required")
    assert judge("tls.client-certificate-required", WANTING, answer(failure=failure))


def test_fires_where_the_server_asks_for_one_and_closes_without_an_answer() -> None:
    closed = answer(failure=Failure("closed", "the server closed the connection"))
    (claim,) = judge("tls.client-certificate-required", WANTING, closed)
    assert (claim.confidence, claim.facts["closed"]) == (Confidence.LIKELY, True)
    optional = with_line("ssl_verify_client optional;")
    given = (WANTING, closed, RUNNING, config(optional))
    assert not judge("tls.client-certificate-required", *given)
    assert not judge("tls.client-certificate-required", shake(), closed)


def test_fires_on_an_alert_within_it() -> None:
    assert said(alerted(40, wants_client_certificate=True)) == ["tls.client-certificate-required"]
    assert said(alerted(116)) == ["tls.client-certificate-required"]


def test_silent_when_one_is_only_asked_for_and_for_other_refusals() -> None:
    assert not judge("tls.client-certificate-required", WANTING, answer(status=200))
    assert not judge(
        "tls.client-certificate-required", WELL, answer(status=400, body="Bad Request")
    )
    assert not judge("tls.client-certificate-required", alerted(40))


def test_fires_and_shows_how_this_site_alone_asks_no_more() -> None:
    line, off = "ssl_verify_client on;", "ssl_verify_client off;"
    for site, changed in (
        (with_line(line), f"-    {line}\n+    {off}"),
        (f"{line}\n{OWN}", f"+    {off}"),
    ):
        (claim,) = judge("tls.client-certificate-required", alerted(116), RUNNING, config(site))
        assert changes(claim) == changed
        assert applicability(claim) is Applicability.REVIEW
    (claim,) = judge("tls.client-certificate-required", alerted(116), RUNNING, config(OWN))
    assert applicability(claim) is Applicability.MANUAL
