"""Addresses in a message that are no site."""

import pytest

from diagnose.parsers.address_roles import untrusted_proxy, without_roles


@pytest.mark.parametrize(
    "text",
    [
        "Received X-Forwarded-For header from an untrusted proxy 203.0.113.10",
        "a request was received from 203.0.113.10, but",
        "[client 203.0.113.10:5678] denied",
        "client: 203.0.113.10, server: _",
        "remote_addr=203.0.113.10 status=403",
        "peer 203.0.113.10:443 closed",
        "Login failed from 203.0.113.10",
        "X-Forwarded-For: 203.0.113.10",
    ],
)
def test_the_address_of_a_visitor_or_a_proxy_is_left_out(text: str) -> None:
    assert "203.0.113.10" not in without_roles(text)


@pytest.mark.parametrize(
    "text",
    [
        "connection refused 203.0.113.10:443",
        "no answer from 203.0.113.10",
        "502 Bad Gateway at 203.0.113.10",
        "the response from 203.0.113.10 is empty",
        "https://203.0.113.10/ does not open",
    ],
)
def test_the_address_of_the_site_stays(text: str) -> None:
    assert without_roles(text) == text


def test_urls_of_an_application_and_of_another_page_are_left_out() -> None:
    assert "app" not in without_roles('failed, upstream: "http://app:3000/x"')
    assert "blog" not in without_roles("denied, referer: https://blog.example.org/a")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("header from an untrusted proxy 203.0.113.10", "203.0.113.10"),
        ("A request from a reverse proxy was received from 172.30.33.5, but your", "172.30.33.5"),
        ("from an untrusted proxy fd00::5.", "fd00::5"),
        ("from an untrusted proxy beef", ""),
        ("from 203.0.113.10", ""),
    ],
)
def test_the_proxy_that_an_application_does_not_trust(text: str, address: str) -> None:
    assert untrusted_proxy(text) == address
