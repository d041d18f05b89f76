"""Which page of a message shows another one in a frame."""

import pytest

from diagnose.parsers.error_messages import named_site
from diagnose.parsers.framing_words import is_framing, text_beside_framing

PORTAL = "https://portal.example.org"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (f"shop.example.com, embedded in an iframe on {PORTAL}, is empty", "shop.example.com"),
        (f"shop.example.com bleibt im iframe auf {PORTAL} leer", "shop.example.com"),
        (f"把 shop.example.com 嵌入到 {PORTAL} 后显示空白", "shop.example.com"),
        (f"https://shop.example.com/ in an iframe on {PORTAL} is refused", "https://shop.example.com/"),
        (f"{PORTAL} shows https://shop.example.com/ in an iframe", "https://shop.example.com/"),
        (f"{PORTAL} の iframe に https://shop.example.com/ が表示されません", "https://shop.example.com/"),
        ("Refused to display 'https://shop.example.com/' in a frame", "https://shop.example.com/"),
        ("Our page in an iframe of https://shop.example.com stays empty", "https://shop.example.com"),
    ],
)  # fmt: skip
def test_the_site_is_the_page_that_is_shown(text: str, target: str) -> None:
    site = named_site(text)
    assert site is not None
    assert site.target == target


def test_no_frame() -> None:
    assert not is_framing("Access to fetch at '", "' from origin")
    assert (
        text_beside_framing(
            "see https://a.example.org and b.example.org", ["https://a.example.org"]
        )
        == ""
    )
    assert text_beside_framing("", []) == ""
