"""Which page of a message shows another one in a frame."""

import pytest

from diagnose.parsers.error_messages import named_site
from diagnose.parsers.framing_words import is_framing, text_beside_framing
from diagnose.parsers.symptoms import symptom_of

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


@pytest.mark.parametrize(
    "words",
    [
        "mon application reste vide dans l'admin, l'affichage dans un frame est refusé",
        "die Seite wird im iframe auf unserem Portal nicht angezeigt",
        "no se muestra en un iframe de otro sitio",
        "в iframe не открывается, сама по себе работает",
        "iframe の中だと真っ白",
        "our app stays blank in an iframe, on its own it works",
        "嵌入到别的系统里打不开，单独打开正常",
    ],
)
def test_words_about_frame(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is not None
    assert symptom.kind == "frame"


@pytest.mark.parametrize(
    "words",
    ["Bilder werden nicht angezeigt", "im Rahmen der Wartung nicht erreichbar", "单独打开空白"],
)
def test_other_words(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.kind != "frame"
