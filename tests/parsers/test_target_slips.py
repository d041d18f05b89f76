import re

import pytest

from diagnose.parsers.target import NamelessMessageError, UsageError, parse_target
from diagnose.parsers.target_slips import has_blank_in_name, is_network, site_and_status


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http//shop.example.com", "http://shop.example.com/"),
        ("https//shop.example.com/a", "https://shop.example.com/a"),
        ("HTTPS;//shop.example.com", "https://shop.example.com/"),
        ("wss.//shop.example.com/ws", "wss://shop.example.com/ws"),
        ("https/shop", "https://https/shop"),
    ],
)
def test_a_scheme_is_understood(text: str, url: str) -> None:
    assert parse_target(text).url == url


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("https://my shop.example.com/", "There is a blank in the name of"),
        ("http://exa mple/", "There is a blank in the name of"),
        ("/etc/nginx/nginx.conf", "is a path and no site"),
        ("./README.md", "is a path and no site"),
        ("~/sites.txt", "is a path and no site"),
        ("./messages.txt", "message in a file"),
        ("-", "nothing is read from standard input"),
        ("ssh://root@203.0.113.10", "--server ssh://"),
    ],
)
def test_what_is_no_site_is_told(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://my shop.example.com", True),
        ("wss://a  b.c/", True),
        ("https://shop.example.com www.example.org", False),
        ("https://localhost shop.example.com", False),
        ("https://shop is down", False),
        ("https://my shop.example.com is down", False),
    ],
)
def test_after_a_whole_name_stands_text(text: str, expected: bool) -> None:
    assert has_blank_in_name(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("10.0.0.0/8", True), ("10.0.0.1/8", False), ("a/8", False)]
)
def test_networks(text: str, expected: bool) -> None:
    assert is_network(text) is expected


@pytest.mark.parametrize(
    ("text", "url", "status"),
    [
        ("shop.example.com 502", "https://shop.example.com/", 502),
        ("502 shop.example.com", "https://shop.example.com/", 502),
        ("'shop.example.com: 502'", "https://shop.example.com/", 502),
        ("shop.example.com:8443 504?", "https://shop.example.com:8443/", 504),
        ("https://shop.example.com/a 403", "https://shop.example.com/a", 403),
        ("wss://shop.example.com/ws 404", "wss://shop.example.com/ws", 404),
        ("10.0.0.1 500", "https://10.0.0.1/", 500),
    ],
)
def test_a_site_and_a_status_are_understood(text: str, url: str, status: int) -> None:
    target = parse_target(text)
    assert target.symptom
    assert (target.url, target.symptom.kind, target.symptom.number) == (url, "status", status)


def test_secrets_beside_a_status_are_left_out() -> None:
    target = parse_target("https://anna:pw@shop.example.com/x?token=abc 404")
    assert target.url == "https://shop.example.com/x"
    assert target.symptom
    assert not {"pw", "abc"} & set(re.findall(r"\w+", target.symptom.text + target.input))


@pytest.mark.parametrize(
    "text",
    [
        "shop 502",
        "shop.example.com 600",
        "shop.example.com 443",
        "shop.example.com\t443",
        "--json 502",
        "/a.b 502",
        "502",
        "502 503",
        "",
    ],
)
def test_no_site_and_status(text: str) -> None:
    assert site_and_status(text) is None


@pytest.mark.parametrize(
    "code",
    [
        "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin",
        "ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep",
        "net::ERR_BLOCKED_BY_CLIENT.Inspector",
        "net::ERR_UNHEARD_OF",
    ],
)
def test_a_code_of_chromium_is_a_message(code: str) -> None:
    with pytest.raises(NamelessMessageError, match="names no site"):
        parse_target(code)


def test_a_name_in_capitals_is_a_site() -> None:
    assert parse_target("MY_DB.example.com").host == "my_db.example.com"
