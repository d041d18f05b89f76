import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.hostnames import closest_mismatch, covers, is_address, is_host, matches

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABEL, min_size=2, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("example.com", "example.com"),
        ("Example.COM", "eXample.com"),
        ("example.com.", "example.com"),
        ("app.example.com", "*.example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_name_reaches(host: str, name: str) -> None:
    assert matches(host, name)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("example.com", "*.example.com"),
        ("a.b.example.com", "*.example.com"),
        ("example.com", "*.com"),
        ("www.example.com", "w*.example.com"),
        ("a.example.com", "a.*.com"),
        ("example.com", ""),
        ("example.com", "*"),
        (".example.com", "*.example.com"),
        ("example.com", "example.org"),
    ],
)
def test_a_name_does_not_reach(host: str, name: str) -> None:
    assert not matches(host, name)


@given(NAMES)
def test_a_wildcard_reaches_one_label_and_no_other_number(name: str) -> None:
    assert matches(f"www.{name}", f"*.{name}")
    assert not matches(name, f"*.{name}")
    assert not matches(f"a.b.{name}", f"*.{name}")


def test_an_address_is_covered_by_itself_in_whatever_spelling_and_by_no_name() -> None:
    assert covers("2001:db8::1", (), ("2001:0db8:0::1",))
    assert not covers("203.0.113.10", ("203.0.113.10",), ())
    assert not covers("203.0.113.10", ("*.0.113.10",), ("203.0.113.11", "no address"))
    assert is_address("::1")
    assert not is_address("example.com")


@pytest.mark.parametrize(
    ("host", "names", "said"),
    [
        ("example.com", ["a.example.com", "*.example.com"], ("apex", "*.example.com")),
        ("a.b.example.com", ["*.example.com"], ("depth", "*.example.com")),
        ("www.example.com", ["example.com"], ("www", "example.com")),
        ("example.com", ["www.example.com"], ("www", "www.example.com")),
        ("203.0.113.10", ["example.com"], ("address", "")),
        ("example.com", ["example.org"], ("other", "")),
        ("example.com", [], ("other", "")),
    ],
)
def test_it_says_what_stands_in_the_way(host: str, names: list[str], said: tuple[str, str]) -> None:
    assert closest_mismatch(host, names) == said


@given(st.text(max_size=40), st.lists(st.text(max_size=40), max_size=4))
def test_whatever_strangers_write_into_a_certificate_is_judged(host: str, names: list[str]) -> None:
    covers(host, names, names)
    closest_mismatch(host, names)


def test_what_can_be_a_name_in_dns() -> None:
    assert all(map(is_host, ("shop.example.com", "xn--r8jz45g.jp", "app_1.internal", "a.example.")))
    assert not any(map(is_host, ("_", "$host", "", "a..b", "-a.example", "{host}", "a." * 130)))
