"""http.cors-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.parsers.request_fields import ANOTHER_ORIGIN
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "http.cors-refused"
ORIGIN = "https://app.example.net"
ALLOW = "Access-Control-Allow-Origin"
ASKED = f"curl -sSi -H 'Origin: {ORIGIN}' https://shop.example.com/"
WITH_COOKIES = ("Access-Control-Allow-Credentials", "true")
PASTED = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))


def answer(
    status: int = 200, *headers: tuple[str, str], method: str = "GET", asked: str = ASKED
) -> Exchange:
    kind = ("Content-Type", "application/json")
    return replace(page(status), headers=(kind, *headers), method=method, equivalent=asked)


def test_fires_on_a_preflight_that_is_redirected() -> None:
    (claim,) = judge(CHECK, answer(301, ("Location", "/login/"), method="OPTIONS"))
    assert claim.facts["redirected"]
    assert claim.facts["to"] == "https://shop.example.com/login/"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer(405, method="OPTIONS"), "failed"),
        (answer(204, method="OPTIONS"), "missing"),
        (answer(), "missing"),
        (answer(200, (ALLOW, "https://other.example.net")), "other"),
        (answer(200, (ALLOW, "*"), WITH_COOKIES), "wildcard"),
    ],
)
def test_fires_and_says_why(response: Exchange, reason: str) -> None:
    (claim,) = judge(CHECK, response, masked=False)
    assert claim.facts[reason]
    assert claim.facts["origin"] == ORIGIN
    assert claim.facts["status"] == response.status


def test_fires_on_the_status_alone_where_no_origin_is_known() -> None:
    """Issue 126 of Dream4ever/Knowledge-Base: "OPTIONS … 405" in a log."""
    asked = ASKED.replace(ORIGIN, ANOTHER_ORIGIN)
    (claim,) = judge(CHECK, answer(405, method="OPTIONS", asked=asked), masked=False)
    assert claim.facts["failed"]
    assert claim.facts["origin"] == ""
    for status in (204, 403):
        assert not judge(CHECK, answer(status, method="OPTIONS", asked=asked), masked=False)


def test_fires_on_a_field_that_the_preflight_asks_for() -> None:
    text = "Request header field x-token is not allowed by Access-Control-Allow-Headers"
    target = replace(SHOP, symptom=Symptom("cors", text))
    allowed = answer(204, (ALLOW, ORIGIN), method="OPTIONS")
    (claim,) = judge(CHECK, allowed, target=target, masked=False)
    assert claim.facts["name"] == "x-token"
    named = ("Access-Control-Allow-Headers", "Content-Type, X-Token")
    both = answer(204, (ALLOW, ORIGIN), named, method="OPTIONS")
    assert not judge(CHECK, both, target=target, masked=False)


def test_fires_and_names_nginxs_line() -> None:
    added = SITE.replace(
        "proxy_set_header", f"add_header {ALLOW} https://a.example;\n proxy_set_header"
    )
    response = answer(200, (ALLOW, "https://a.example"))
    (claim,) = judge(CHECK, response, RUNNING, config(added), masked=False)
    assert claim.facts["added"]
    assert claim.location


@pytest.mark.parametrize(
    "response",
    [
        answer(200, (ALLOW, ORIGIN), WITH_COOKIES),
        answer(200, (ALLOW, "*")),
        answer(204, (ALLOW, "*"), method="OPTIONS"),
        answer(301, ("Location", "/login/")),
        answer(200, asked="curl -sSi https://shop.example.com/"),
        answer(200, asked=ASKED.replace(ORIGIN, "https://shop.example.com")),
        replace(answer(), headers=(("Content-Type", "text/html"),)),
        answer(200, (ALLOW, "*"), (ALLOW, ORIGIN)),
    ],
)
def test_silent(response: Exchange) -> None:
    assert not judge(CHECK, response, masked=False)


def test_silent_on_a_page_unless_a_message_was_pasted() -> None:
    response = replace(answer(), headers=(("Content-Type", "text/html"),))
    assert judge(CHECK, response, target=PASTED, masked=False)


def test_silent_on_the_origin_of_a_websocket() -> None:
    target = replace(SHOP, scheme="wss", path="/ws", websockets=("/ws",))
    assert not judge(CHECK, answer(), target=target, masked=False)
    assert judge(CHECK, answer(), target=replace(target, symptom=PASTED.symptom), masked=False)
