"""What is sent besides a browser's usual fields, and the command that does the same."""

from dataclasses import replace

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model import Target
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import Options
from diagnose.probes.outside.http_requests import PageRequest, curl_command, patience
from tests.support.fake_context import Looking

SHOP = Target("shop.example.com", "https", "shop.example.com", 443)
OWN, OTHER = "https://shop.example.com/", "https://elsewhere.example/"
KEY = RequestFields(headers=(("X-Key", "secret"),), origin="https://app.example.com")


@pytest.mark.parametrize(
    ("url", "may_send_secrets", "fields"),
    [
        (OWN, True, {"X-Key": "secret", "Cookie": "a=1", "Origin": "https://app.example.com"}),
        (OWN, False, {"Cookie": "a=1", "Origin": "https://app.example.com"}),
        (OTHER, False, {"Cookie": "a=1"}),
    ],
)
def test_secrets_and_origin_go_to_the_site_itself(
    url: str, may_send_secrets: bool, fields: dict[str, str]
) -> None:
    page = PageRequest(url, "203.0.113.10", "target", cookie="a=1")
    assert page.fields(SHOP, KEY, may_send_secrets) == fields


def test_a_preflight_names_the_method_that_it_asks_for() -> None:
    page = PageRequest(OWN, "203.0.113.10", "target")
    fields = page.fields(SHOP, replace(KEY, method="OPTIONS"), True)
    assert fields["Access-Control-Request-Method"] == "GET"


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(1, 4), (3, 4), (5, 4), (8, 7), (11, 10), (15, 10), (60, 30)]
)
def test_a_page_is_given_four_seconds_even_if_the_run_ends_before(
    timeout: float, seconds: float
) -> None:
    """A page that comes after 2.5 s is no fault of a run that was allowed 3 s."""
    run = Looking(LocalMachine())
    run.options = Options(timeout=timeout)
    assert patience(run) == seconds


@pytest.mark.parametrize(
    ("page", "method"),
    [
        (PageRequest(OWN, "203.0.113.10", "target"), "HEAD"),
        (PageRequest(OWN, "203.0.113.10", "plain"), "GET"),
        (PageRequest(OTHER, "203.0.113.10", "target"), "GET"),
        (PageRequest(OWN, "203.0.113.10", "target", redirected_from=OWN), "GET"),
    ],
)
def test_only_the_target_is_requested_by_another_method(page: PageRequest, method: str) -> None:
    assert page.method(SHOP, RequestFields(method="HEAD")) == method


@pytest.mark.parametrize(
    ("method", "words"),
    [("HEAD", "-I"), ("OPTIONS", "-X OPTIONS"), ("POST", "-X POST -H 'Content-Length: 0'")],
)
def test_the_command_uses_the_method(method: str, words: str) -> None:
    command = curl_command("http://203.0.113.10/", "203.0.113.10", method=method)
    assert command == f"curl -sSi {words} http://203.0.113.10/"


@pytest.mark.parametrize(
    ("url", "address", "verified", "command"),
    [
        (OWN, "203.0.113.10", True,
         "curl -sSi --resolve shop.example.com:443:203.0.113.10 https://shop.example.com/"),
        (OWN, "2001:db8::1", False,
         "curl -sSik --resolve 'shop.example.com:443:[2001:db8::1]' https://shop.example.com/"),
        ("http://203.0.113.10/", "203.0.113.10", True, "curl -sSi http://203.0.113.10/"),
    ],
)  # fmt: skip
def test_the_command_asks_the_same_address(
    url: str, address: str, verified: bool, command: str
) -> None:
    assert curl_command(url, address, verified) == command
