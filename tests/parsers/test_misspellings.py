import pytest

from diagnose.parsers.misspellings import closest_misspelling, likeness

HOST = "shop.example.com"


@pytest.mark.parametrize(
    "name", ["shpo.example.com", "shop.exmaple.com", "shop.example.con", "SHOP.examples.com"]
)
def test_a_typing_error_is_like_the_host(name: str) -> None:
    assert closest_misspelling(("blog.example.org", name, ""), HOST) == name


@pytest.mark.parametrize(
    "name",
    ["", "_", "www.shop.example.com", "WWW.shop.example.com", "*.example.com", ".shop.example.com",
     "~^shop", "shop.example.*", "mail.example.org"],
)  # fmt: skip
def test_another_name_is_none(name: str) -> None:
    assert closest_misspelling((name,), HOST) == ""


def test_two_names_that_differ_by_www_are_two_names() -> None:
    assert likeness("www.shop.example.com", HOST) == 0
    assert likeness(HOST, "www.shop.example.com") == 0
    assert closest_misspelling((), HOST) == ""
