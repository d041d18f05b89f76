"""Rules that Traefik does not take. The words are those of Traefik 3.7.15, in its API."""

import pytest

from diagnose.parsers.traefik.rule_errors import corrected_rule, rule_error


@pytest.mark.parametrize(
    ("rule", "error", "corrected"),
    [
        ("Host('a.example')", "illegal rune literal", "Host(`a.example`)"),
        ("Host(a.example)", "a.example is not defined", "Host(`a.example`)"),
        ("a.example", "a.example is not defined", "Host(`a.example`)"),
        ("Host:a.example", "expected operand, found ':'", "Host(`a.example`)"),
        (
            "Host(`a.example`, `b.example`) && PathPrefix(`/x`)",
            "unexpected number of parameters; got 2, expected one of [1]",
            "(Host(`a.example`) || Host(`b.example`)) && PathPrefix(`/x`)",
        ),
        (
            "Host(`a.example`) && Headers(`a`, `b`)",
            "unsupported function: Headers",
            "Host(`a.example`) && Header(`a`, `b`)",
        ),
    ],
)
def test_an_error_and_the_rule_as_it_was_meant(rule: str, error: str, corrected: str) -> None:
    assert (rule_error(rule, 3), corrected_rule(rule, 3)) == (error, corrected)


@pytest.mark.parametrize(
    ("rule", "corrected"),
    [
        ("HostRegexp(`{s:[a-z]{2,3}}.a-b.org`)", r"HostRegexp(`^(?:[a-z]{2,3})\.a-b\.org$`)"),
        ("HostRegexp(`{sub}.example`)", r"HostRegexp(`^[^.]+\.example$`)"),
        ("PathPrefix(`/{id:[0-9]+}/x`)", "PathRegexp(`^/(?:[0-9]+)/x`)"),
    ],
)  # fmt: skip
def test_a_pattern_of_version_2_is_no_error_in_3(rule: str, corrected: str) -> None:
    assert (rule_error(rule, 3), corrected_rule(rule, 3)) == ("", corrected)
    assert corrected_rule(rule, 2) == ""


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "Host(`a.example`)",
        'Host("a.example") && !PathPrefix(`/x`)',
        r"HostRegexp(`^[a-z]{2,3}\.example$`)",
        "Host(`a.example`) && Header(`a`, `b`)",
        "(Host(`a.example`) || Host(`b.example`)) && Query(`a`, `b`)",
    ],
)
def test_nothing_is_said_of_a_good_rule(rule: str) -> None:
    assert (rule_error(rule, 3), corrected_rule(rule, 3)) == ("", "")


def test_a_list_is_good_in_version_2() -> None:
    assert rule_error("Host(`a.example`, `b.example`)", 2) == ""
    assert corrected_rule("Host('a.example', 'b.example')", 2) == "Host(`a.example`, `b.example`)"
