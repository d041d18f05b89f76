"""http.return-address-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "http.return-address-refused"
REALM = "https://shop.example.com/realms/shop/protocol/openid-connect/auth?client_id=web"
KEYCLOAK = "<h1>We are sorry...</h1><p>Invalid parameter: redirect_uri</p>"


def answer(address: str = "", body: str = KEYCLOAK, status: int = 400) -> Exchange:
    url = f"{REALM}&redirect_uri={address}" if address else REALM
    return replace(ANSWER, url=url, status=status, body=body)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http%3A%2F%2Fapp.example.com%2Fcb", "plain"),
        ("http%3A%2F%2Flocalhost%3A8080%2Fcb", "inner"),
        ("https%3A%2F%2Fapp.example.com%2Fcb", "unlisted"),
    ],
)
def test_fires_with_what_is_wrong_with_the_address(address: str, reason: str) -> None:
    (claim,) = judge(CHECK, answer(address), target=SHOP, masked=False)
    reasons = {name for name in ("plain", "inner", "unlisted") if claim.facts[name]}
    assert (reasons, claim.facts["client"]) == ({reason}, "web")


def test_silent_without_an_address_a_refusal_or_its_words() -> None:
    plain = "http%3A%2F%2Fapp.example.com%2Fcb"
    assert not judge(CHECK, answer(), target=SHOP)
    assert not judge(CHECK, answer(plain, status=200), target=SHOP)
    assert not judge(CHECK, answer(plain, body="Not Found"), target=SHOP)
