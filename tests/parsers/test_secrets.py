"""Secrets in any text."""

import pytest

from diagnose.parsers.secrets import Tokens, hide_secrets, is_secret_name, looks_random


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer sesame",
        "curl -H 'Cookie: sid=sesame' https://shop.example.com/",
        "https://shop.example.com/ws?access_token=sesame&x=1",
        "https://user:sesame@shop.example.com/",
        'proxy_set_header Authorization "Basic sesame";',
        "with the header Authorization: sesame and nothing else",
        "the domain Authorization: Bearer sesame is not passed",
        "Authorization: open sesame now please",
        "failed authorization: token sesame of the shop",
        "new authorization: alice: sesame",
        "site authorization: open sesame now please",
        "The client lacks sufficient authorization: sesame",
        "The client lacks sufficient authorization :: Authorization: Bearer sesame",
    ],
)
def test_secrets_are_gone(text: str) -> None:
    masked = hide_secrets(text)
    assert "sesame" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    "text",
    [
        "token $http_token",
        "/?transport=websocket&EIO=4",
        "code: 5",
        "a key of the file",
        "Code=-1200",
        "rpc error: code = Unavailable desc = connection refused",
        "issues with Let's Encrypt's domain authorization: Detail: CAA record for a.example.com "
        "prevents issuance",
        "The client lacks sufficient authorization :: Invalid response from http://a.example: 403",
        "Failed authorization: the server could not connect to a.example.com",
        "curl -H 'X-Forwarded-Proto: https' -H 'Host: shop.example.com' http://127.0.0.1:3000/",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert hide_secrets(text) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [("Authorization", True), ("sid", True), ("X-Auth-Token", True), ("host", False)],
)
def test_which_names_are_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


def test_a_random_word_has_one_stand_in_of_the_same_shape() -> None:
    tokens, word = Tokens(), "S3sam3kQ9vXz7LmW2p"
    first = tokens.hide(f"/join/{word}/{word}")
    stand_in = first.split("/")[2]
    assert first == f"/join/{stand_in}/{stand_in}"
    assert stand_in != word
    assert len(stand_in) == len(word)
    assert tokens.hide(first) == first


def test_what_a_person_writes_is_not_random() -> None:
    assert not looks_random("certificate_of_the_shop")
    assert looks_random("0f1e2d3c4b5a69788796a5b4c3d2e1f0")


def test_what_a_switch_is_set_to_is_no_secret() -> None:
    assert hide_secrets("CSRF_COOKIE_SECURE = True") == "CSRF_COOKIE_SECURE = True"
    assert hide_secrets("SESSION_TOKEN = Truely") != "SESSION_TOKEN = Truely"
