"""The values of CAA records: RFC 8659 section 4.2."""

import pytest

from diagnose.parsers.caa import issue_property


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("letsencrypt.org", "letsencrypt.org"),
        ("  letsencrypt.org ", "letsencrypt.org"),
        ("letsencrypt.org; accounturi=https://example.net/1", "letsencrypt.org"),
        ("letsencrypt.org;", "letsencrypt.org"),
        ("ca1.example.net; a=b; c=d", "ca1.example.net"),
        (";", ""),
        ("", ""),
    ],
)
def test_a_valid_value(value: str, domain: str) -> None:
    issue = issue_property(f'0 issue "{value}"')
    assert issue is not None
    assert (issue.domain, issue.is_valid) == (domain, True)


@pytest.mark.parametrize(
    "value",
    [
        "letsencrypt.org.",
        "https://letsencrypt.org",
        "https://letsencrypt.org/",
        '\\"letsencrypt.org\\"',
        "'letsencrypt.org'",
        "letsencrypt.org, digicert.com",
        "letsencrypt.org accounturi=x",
        "letsencrypt.org; accounturi",
        "<letsencrypt.org>",
    ],
)
def test_a_value_that_breaks_the_grammar(value: str) -> None:
    issue = issue_property(f'0 issue "{value}"')
    assert issue is not None
    assert (issue.domain, issue.is_valid) == ("letsencrypt.org", False)


@pytest.mark.parametrize("value", ["let's encrypt", "_acme.org", "-", "Let’s Encrypt", ".", "a..b"])
def test_no_domain_is_meant(value: str) -> None:
    issue = issue_property(f'0 issue "{value}"')
    assert issue is not None
    assert (issue.domain, issue.is_valid) == ("", False)


def test_other_records() -> None:
    assert issue_property('0 iodef "mailto:a@example.com"') is None
    assert issue_property("issue letsencrypt.org") is None


def test_the_ways_of_validation() -> None:
    issue = issue_property('0 issue "letsencrypt.org; validationmethods=dns-01,http-01"')
    assert issue is not None
    assert (issue.methods, issue.is_valid) == (("dns-01", "http-01"), True)
