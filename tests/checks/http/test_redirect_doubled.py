import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.http import BrowserVisit, Exchange
from tests.support.check_evidence import judge

CHECK = "http.redirect-doubled"
URL = "https://shop.example.com/"
DOUBLED = "https://www.shop.example.comhttps://shop.example.com/"


def redirect(location: str) -> Exchange:
    return Exchange(
        url=URL,
        address="203.0.113.10",
        port=443,
        status=301,
        headers=(("Location", location),),
    )


def visit(location: str) -> BrowserVisit:
    return BrowserVisit(
        url=URL,
        address="203.0.113.10",
        port=443,
        alpn="h2",
        version="HTTP/2",
        status=301,
        headers=(("Location", location),),
    )


def test_fires_for_a_second_address_behind_the_host() -> None:
    (claim,) = judge(CHECK, redirect(DOUBLED), masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["before"] == "https://www.shop.example.com"
    assert claim.facts["onward"] == URL
    assert not claim.facts["http2"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_http2_alone() -> None:
    (claim,) = judge(CHECK, redirect("https://www.shop.example.com/"), visit(DOUBLED))
    assert claim.facts["http2"]


@pytest.mark.parametrize(
    "location",
    [
        "https://www.shop.example.com/",
        "https://login.example.org/https://shop.example.com/",
        "https://login.example.org?next=https://shop.example.com/",
        "https://http.example.org/",
        "https://myhttp:8080/",
        "/login",
    ],
)
def test_silent_for_one_address(location: str) -> None:
    assert not judge(CHECK, redirect(location), visit(location))
