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


@pytest.mark.parametrize(
    ("name", "host"),
    [("shop2", "shop1"), ("shop2", "shop"), ("shops", "shop"), ("north", "south"),
     ("blue", "blog"), ("api", "app"), ("dev", "new"), ("acme-2", "acme-3"), ("shopb", "shoap")],
)  # fmt: skip
def test_names_in_one_domain_that_differ_by_more_than_a_typing_error(name: str, host: str) -> None:
    assert not closest_misspelling((f"{name}.example.com",), f"{host}.example.com")
    assert not closest_misspelling((f"{host}.example.com",), f"{name}.example.com")


@pytest.mark.parametrize("name", ["shpo", "shopp", "shop", "sjop", "hop", "sho"])
def test_a_typing_error_of_the_first_label(name: str) -> None:
    host = "shop.example.com" if name not in {"shop", "sho"} else "shopx.example.com"
    expected = f"{name}.example.com" if name != "sho" else ""
    assert closest_misspelling((f"{name}.example.com",), host) == expected


def test_two_names_that_differ_by_www_are_two_names() -> None:
    assert likeness("www.shop.example.com", HOST) == 0
    assert likeness(HOST, "www.shop.example.com") == 0
    assert closest_misspelling((), HOST) == ""


def test_a_name_in_another_script_is_the_one_that_browsers_send() -> None:
    names = ("müller.example.com", "straße.example.com", "例子.example.com", "\ud800.example.com")
    assert closest_misspelling(names, "xn--mller-kva.example.com") == names[0]
    assert closest_misspelling(names, "xn--strae-oqa.example.com") == names[1]
    assert closest_misspelling(names, "xn--fsqu00a.example.com") == names[2]
    assert closest_misspelling(names, "muller.example.com") == ""
