import pytest

from diagnose.model import Failure
from diagnose.model.http import Exchange
from tests.saying import judge

NGINX = "<center>The plain HTTP request was sent to HTTPS port</center>"


def answer(url: str, port: int, purpose: str, body: str = NGINX, status: int = 400) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.10",
        port=port,
        purpose=purpose,
        status=status,
        body=body,
        redirected_from="https://shop.example.com/" if purpose == "redirect" else None,
    )


@pytest.mark.parametrize(
    ("seen", "fact"),
    [
        (answer("http://shop.example.com/", 80, "plain"), "asked"),
        (answer("http://shop.example.com:443/", 443, "redirect"), "redirected"),
        (answer("https://shop.example.com/", 443, "target"), "behind"),
    ],
)
def test_fires_wherever_plain_http_meets_a_tls_port(seen: Exchange, fact: str) -> None:
    (claim,) = judge("http.plain-to-tls-port", seen)
    assert [one for one in ("asked", "redirected", "behind") if claim.facts[one]] == [fact]


def test_fires_where_the_answer_is_a_tls_record() -> None:
    failure = Failure("protocol", "a TLS record came instead of an HTTP answer", name="TLS")
    assert judge(
        "http.plain-to-tls-port",
        Exchange(
            url="http://shop.example.com/",
            address="203.0.113.10",
            port=80,
            purpose="plain",
            failure=failure,
        ),
    )


def test_silent_on_other_bad_requests() -> None:
    assert not judge(
        "http.plain-to-tls-port",
        answer("http://shop.example.com/", 80, "plain", "<h1>400 Bad Request</h1>"),
        answer("https://shop.example.com/", 443, "target", NGINX, 200),
    )
