"""What is masked, and what survives the masking."""

import pytest

from diagnose.outputs.redaction import redactor

NAMES = ["shop.example.com", "db.internal.acme.net"]


def test_one_address_has_one_stand_in_everywhere() -> None:
    mask = redactor(NAMES)
    assert mask("198.51.100.7:443 and 198.51.100.7") == "203.0.113.1:443 and 203.0.113.1"
    assert mask("198.51.100.8, again 198.51.100.7.") == "203.0.113.2, again 203.0.113.1."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.168.7.9", "192.168.0.1"),
        ("10.9.8.7", "10.0.0.1"),
        ("172.20.1.1", "172.16.0.1"),
        ("100.100.1.1", "100.64.0.1"),
        ("2400:3200::1", "2001:db8::1"),
        ("[2400:3200:baba::1]:443", "[2001:db8::1]:443"),
        ("fd12:3456::9", "fd00::1"),
        ("fe80::1c2d", "fe80::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0:443 [::]:443 ::1", "0.0.0.0:443 [::]:443 ::1"),
    ],
)
def test_a_stand_in_is_of_the_same_network(text: str, kept: str) -> None:
    assert redactor(NAMES)(text) == kept


def test_names_keep_their_domain_in_common() -> None:
    mask = redactor(NAMES)
    assert mask("shop.example.com") == "name1.name2.com"
    assert mask("*.example.com www.example.com EXAMPLE.com") == (
        "*.name2.com www.name2.com name2.com"
    )
    assert mask("wss://cdn.shop.example.com/ws") == "wss://name3.name1.name2.com/ws"
    assert mask("db.internal.acme.net") == "name4.name5.name6.net"


def test_what_only_looks_like_a_name_or_an_address_stays() -> None:
    text = "shop.example.company 1.3.6.1.5.5.7.3.1 12:30:45 nginx/1.26.3 at 2026-11-24T12:00:00Z"
    assert redactor(NAMES)(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '["Set-Cookie", "sid=sesame; Path=/"]',
        "Authorization: Bearer sesame",
        "curl -H 'Cookie: sid=sesame' https://shop.example.com/",
        "https://shop.example.com/ws?access_token=sesame&x=1",
        "https://user:sesame@shop.example.com/",
    ],
)
def test_secrets_are_gone(text: str) -> None:
    masked = redactor(NAMES)(text)
    assert "sesame" not in masked
    assert "***" in masked


def test_a_name_of_one_word_is_masked_and_no_key_of_json_is() -> None:
    mask = redactor(["intranet", "server"])
    assert mask('{"intranet": "https://intranet/", "where": "server"}') == (
        '{"intranet": "https://name1/", "where": "server"}'
    )
