import pytest

from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.traefik.rules import rule_holds, rule_names

PAGE = ServerRequest("/api/users", host="shop.example.com")


@pytest.mark.parametrize(
    ("rule", "truth"),
    [
        ("Host(`shop.example.com`)", True),
        ("Host(`example.com`,`shop.example.com`)", True),
        ("Host(`example.com`)", False),
        ("Host(`example.com`) || Host(`shop.example.com`)", True),
        ("Host(`shop.example.com`) && PathPrefix(`/api`)", True),
        ("Host(`shop.example.com`) && Path(`/api`)", False),
        ("Host(`shop.example.com`) && !PathPrefix(`/api`)", False),
        ('(Host("a.example") || Host("shop.example.com")) && Method(`GET`)', True),
        ("Host(`shop.example.com`) && ClientIP(`10.0.0.0/8`)", None),
        ("Host(`a.example`) && ClientIP(`10.0.0.0/8`)", False),
        ("HostRegexp(`^.+\\.example\\.com$`)", True),
        ("HostRegexp(`{name:[a-z]+}.example.com`)", None),
        ("Host(shop.example.com)", None),
        ("Host:shop.example.com", None),
        ("", None),
        ("(" * 60, None),
        ("!" * 300 + "Host(`a`)", None),
        ("Host(`" + "x" * 5000 + "`)", None),
    ],
)
def test_a_rule_takes_a_request(rule: str, truth: bool | None) -> None:
    assert rule_holds(rule, PAGE) is truth


def test_the_names_of_a_rule() -> None:
    assert rule_names("Host(`A.example`, `b.example`) && Path(`/x`)") == ("a.example", "b.example")
    assert rule_names("PathPrefix(`/`)") == ()
    assert rule_names("Host(") == ()


def test_version_3_takes_a_pattern_of_version_2_as_it_stands() -> None:
    rule = "HostRegexp(`{name:[a-z]+}.example.com`)"
    assert rule_holds(rule, PAGE, 2) is None
    assert rule_holds(rule, PAGE, 3) is False
    assert rule_holds(f"{rule} || Host(`shop.example.com`)", PAGE, 3) is True
    assert rule_holds("HostRegexp(`^[a-z]{4}\\.example\\.com$`)", PAGE, 3) is True
