from dataclasses import replace

import pytest

from diagnose.model import Evidence, Symptom, Target, Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.other_requests import OtherRequest, other_target
from diagnose.outputs.digest import digest
from tests.support.check_evidence import NOW, SHOP

PAGE = Exchange(url="https://shop.example.com/about", address="203.0.113.10", port=443, status=404)
REQUEST = OtherRequest(path="/about", status=404, times=2, written="now", observations=(PAGE,))


def test_the_target_of_another_page() -> None:
    asked = Target("wss://x/ws", "wss", "x", 8443, "/ws", ("/ws",), "words", Symptom("name", "x"))
    target = other_target(asked, "/about")
    assert target == Target("https://x:8443/about", "https", "x", 8443, "/about")


def test_the_evidence_of_another_page() -> None:
    evidence = REQUEST.evidence(Evidence(SHOP, NOW, (REQUEST,)))
    assert evidence.of(Exchange) == (PAGE,)
    assert evidence.target.url == "https://shop.example.com/about"


def test_the_evidence_of_a_page_has_what_it_sent_by_the_log() -> None:
    sent = FailedRequests(
        vantage=Vantage.SERVER, file="/a.log", method="POST", path="/about", status=403,
        written="now", is_from_page=True,
    )  # fmt: skip
    others = replace(sent, path="/other"), replace(sent, method="PUT")
    form = replace(REQUEST, sent="/about", method="POST", status=403)
    evidence = form.evidence(Evidence(SHOP, NOW, (form, sent, *others)))
    assert evidence.of(FailedRequests) == (sent,)
    assert not REQUEST.evidence(Evidence(SHOP, NOW, (REQUEST, sent))).of(FailedRequests)


@pytest.mark.parametrize(
    ("request_observed", "text"),
    [
        (REQUEST, "request GET /about: 404, 2 times, now"),
        (
            replace(REQUEST, sent="/login", method="POST", status=405, times=1),
            "request POST /login of the page /about: 405, 1 time, now",
        ),
        (
            OtherRequest(path="/api", status=200, written="now", origin="https://app.example.net"),
            "request GET /api of the page https://app.example.net: 200, 1 time, now",
        ),
        (
            OtherRequest(path="/", source="message"),
            "request GET /: of interest after the message",
        ),
        (OtherRequest(path="/events", source="script"), "request GET /events: made by a script"),
        (replace(REQUEST, source="visit", status=None), "request GET /about: 2 times, now"),
    ],
)
def test_how_it_reads(request_observed: OtherRequest, text: str) -> None:
    assert digest(request_observed, "en") == text


def test_a_request_at_another_origin_of_the_server() -> None:
    request = replace(
        REQUEST, elsewhere="https://api.example.com:8443", origin="https://shop.example.com",
        source="page", use="module",
    )  # fmt: skip
    assert other_target(SHOP, "/app.js", "http://api.example.com") == Target(
        "http://api.example.com/app.js", "http", "api.example.com", 80, "/app.js"
    )
    evidence = request.evidence(Evidence(SHOP, NOW, (request,)))
    assert evidence.target.url == "https://api.example.com:8443/about"
    (asked,) = evidence.of(OtherRequest)
    assert (asked.use, asked.observations) == ("module", ())
    subject, remark = request.summary()
    assert "https://api.example.com:8443/about" in str(subject)
    assert "loaded by the page" in str(remark)
