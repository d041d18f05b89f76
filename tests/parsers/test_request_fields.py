import base64

import pytest

from diagnose.model import Target
from diagnose.parsers.request_fields import (
    RequestFields,
    cookie,
    header_field,
    is_own_origin,
    masked_subprotocol,
    merge_fields,
    origin,
    shown_origin,
    shown_preflight_fields,
    shown_preflight_method,
    subprotocol,
)

TOKEN = "eyJhbGciOiJIUzI1NiJ9.payload.signature"


def test_a_field_is_a_name_and_a_value() -> None:
    assert header_field("Authorization: Bearer x:y") == ("Authorization", "Bearer x:y")
    assert header_field("X-Empty:") == ("X-Empty", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no colon",
        ": value",
        "two words: x",
        "X: a\r\nInjected: b",
        "X: a\nb",
        "X: \x00",
        "X: é",
        "X\r\nY: z",
        "X: " + "a" * 9000,
        *(
            f"{name}: x"
            for name in (
                "Connection",
                "upgrade",
                "HOST",
                "Content-Length",
                "Transfer-Encoding",
                "TE",
                "Trailer",
                "Keep-Alive",
                "Proxy-Connection",
                "Sec-WebSocket-Key",
                "Sec-WebSocket-Version",
                "Sec-WebSocket-Extensions",
                "Sec-WebSocket-Protocol",
                "Origin",
            )
        ),
    ],
)
def test_what_would_break_the_request_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        header_field(text)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(ValueError) as raised:
        header_field(f"X: {TOKEN}\r\n")
    assert TOKEN not in str(raised.value)


def test_a_cookie_has_a_name() -> None:
    assert cookie("Cookie: sid=1; a=b") == "sid=1; a=b"
    for text in ("sid", "sid=1\r\nX: y"):
        with pytest.raises(ValueError):
            cookie(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://Shop.example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("chrome-extension://abc", "chrome-extension://abc"),
        ("null", "null"),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(text: str, read: str) -> None:
    assert origin(text) == read


@pytest.mark.parametrize(
    "text",
    ["shop.example.com", "https://", "https://a/b", "https://a?b", "https://a\r\nX: y",
     "https://u:p@a", "https://a:x", "https://a b"],
)  # fmt: skip
def test_an_origin_is_nothing_else(text: str) -> None:
    with pytest.raises(ValueError):
        origin(text)


def test_a_subprotocol_is_one_word() -> None:
    assert subprotocol("graphql-ws") == "graphql-ws"
    for text in ("", "a b", "a,b", "a\r\n"):
        with pytest.raises(ValueError):
            subprotocol(text)


def test_a_token_in_a_subprotocol_is_not_shown() -> None:
    assert masked_subprotocol("v12.stomp") == "v12.stomp"
    assert masked_subprotocol(TOKEN) == "***"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://shop.example.com/a", True),
        ("wss://shop.example.com/ws", True),
        ("https://SHOP.example.com:443/", True),
        ("http://shop.example.com/", False),
        ("https://shop.example.com:8443/", False),
        ("https://www.shop.example.com/", False),
        ("https://shop.example.com.evil.example/", False),
        ("https://shop.example.com@evil.example/", False),
        ("https://shop.example.com:bad/", False),
    ],
)
def test_secrets_are_for_one_origin(url: str, own: bool) -> None:
    target = Target("shop.example.com", "https", "shop.example.com", 443)
    assert is_own_origin(target, url) is own


def test_what_a_server_repeats_is_masked() -> None:
    basic = base64.b64encode(b"ann:swordfish").decode()
    fields = RequestFields(
        (("Authorization", f"Basic {basic}"), ("X-Debug", "1")), f"sid={TOKEN}; a=b"
    )
    text = f"you are ann with swordfish, {basic}, {TOKEN}, 1"
    assert fields.mask_secrets(text) == "you are ann with ***, ***, ***, 1"
    assert fields.masked_fields() == ["Authorization: Basic ***", "X-Debug: ***", "Cookie: ***"]
    token = RequestFields((("authorization", "bearer abcdefgh"), ("Authorization", "abcdefgh")))
    assert token.masked_fields() == ["authorization: Bearer ***", "Authorization: ***"]
    assert fields.fields("c=d")["Cookie"] == f"sid={TOKEN}; a=b; c=d"


def test_a_field_replaces_its_like_in_any_case() -> None:
    assert merge_fields({"User-Agent": "a", "X": "b"}, {"user-agent": "c"}) == {
        "X": "b",
        "user-agent": "c",
    }


def test_what_a_preflight_names_is_no_secret() -> None:
    given = (("Access-Control-Request-Headers", "authorization"), ("X-Token", "abcdef12345"))
    fields = RequestFields(headers=given)
    assert fields.masked_fields() == [
        "Access-Control-Request-Headers: authorization",
        "X-Token: ***",
    ]
    assert fields.mask_secrets("authorization: abcdef12345") == "authorization: ***"


def test_a_command_shows_what_a_preflight_asks_for() -> None:
    command = (
        "curl -i -X OPTIONS -H 'Origin: https://app.example.com' "
        "-H 'Access-Control-Request-Method: delete' "
        "-H 'Access-Control-Request-Headers: content-type,x-token' https://shop.example.com/api"
    )
    assert shown_origin(command) == "https://app.example.com"
    assert shown_preflight_method(command) == "DELETE"
    assert shown_preflight_fields(command) == "content-type,x-token"
    plain = "curl -i https://shop.example.com/"
    assert (shown_origin(plain), shown_preflight_method(plain)) == ("", "")
    assert shown_preflight_fields(plain) == ""
