"""`$invalid_referer`."""

import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.referers import invalid_referer


@pytest.mark.parametrize(
    ("words", "referer", "value"),
    [
        ("none blocked server_names", "", ""),
        ("blocked server_names", "", "1"),
        ("none blocked", "-hidden-", ""),
        ("server_names", "https://shop.example.com/a", ""),
        ("server_names", "https://other.example.net/a", "1"),
        ("*.example.net", "https://other.example.net:8443/a", ""),
        (".example.net", "https://example.net", ""),
        ("www.example.*", "https://www.example.org/", ""),
        ("example.org/galleries/", "https://example.org/other/", "1"),
        ("example.org/galleries/", "https://example.org/galleries/1", ""),
        (r"~\.google\.", "https://www.google.com/", ""),
        ("a.example", None, None),
    ],
)
def test_a_referer_is_valid_or_not(words: str, referer: str | None, value: str | None) -> None:
    (block,) = parse(f"server {{ server_name shop.example.com; valid_referers {words}; }}", "a")
    location = LocationMatch((block,))
    assert invalid_referer(location, {"http_referer": referer}) == value


def test_without_a_list_nothing_is_invalid() -> None:
    (block,) = parse("server { }", "a")
    assert invalid_referer(LocationMatch((block,)), {"http_referer": "https://a.example/"}) == ""
