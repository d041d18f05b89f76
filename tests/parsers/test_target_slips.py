import pytest

from diagnose.parsers.target import UsageError, parse_target
from diagnose.parsers.target_slips import has_blank_in_name, is_network


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
        ("/etc/nginx/nginx.conf", "is a path and no site"),
        ("./README.md", "is a path and no site"),
        ("~/sites.txt", "is a path and no site"),
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
