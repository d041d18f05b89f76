"""Slips in a Content Security Policy."""

import pytest

from diagnose.parsers.policy_slips import policy_slips


@pytest.mark.parametrize(
    ("policy", "corrected"),
    [
        ("default-src: 'none'; img-src *", "default-src 'none'; img-src *"),
        ("report_uri /csp", "report-uri /csp"),
        ("script-src self unsafe-inline", "script-src 'self' 'unsafe-inline'"),
        ("script-src ‘self’", "script-src 'self'"),
        ('script-src "self"', "script-src 'self'"),
        ("img-src 'self' data", "img-src 'self' data:"),
        ("script-src 'self' style-src *", "script-src 'self'; style-src *"),
        ("style-src sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
         "style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"),
    ],
)  # fmt: skip
def test_corrects_what_can_only_be_meant_so(policy: str, corrected: str) -> None:
    assert policy_slips(policy)[0] == corrected
    assert policy_slips(policy)[1]


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'self'; img-src * data:; upgrade-insecure-requests",
        "script-src 'self' https://cdn.example.net; frame-ancestors 'none'",
        "sandbox allow-scripts; report-uri /self; require-trusted-types-for 'script'",
        "script-src 'nonce-***' 'strict-dynamic'; x-own-src 'self'",
        "",
    ],
)
def test_leaves_the_rest_alone(policy: str) -> None:
    assert policy_slips(policy)[1] == ()


def test_takes_a_name_for_one_that_is_almost_the_same_if_asked() -> None:
    assert policy_slips("defualt-src 'self'")[1] == ()
    assert policy_slips("defualt-src 'self'", guesses=True)[0] == "default-src 'self'"


def test_is_total() -> None:
    assert policy_slips(";;; ;" * 1000 + "a " * 10000)


def test_says_nothing_of_a_policy_whose_end_is_not_read() -> None:
    for policy in ("a: b; " * 70 + "img-src: *", "img-src: " + "a.example " * 300):
        assert policy_slips(policy) == (policy, ())
