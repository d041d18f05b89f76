"""Whether a page of https names the site with http."""

from dataclasses import replace

import pytest

from diagnose.parsers.own_scheme import (
    complains_of_http,
    is_written_in_script,
    names_itself_plain,
    plain_addresses,
)
from tests.support.page_errors import page
from tests.support.page_evidence import loads, sheet

HOST = "shop.example.com"


def redirect(location: str) -> bool:
    answer = replace(page(302), headers=(("Location", location),))
    return names_itself_plain(answer, HOST)


@pytest.mark.parametrize(
    "location",
    [
        "http://shop.example.com/login",
        "https://login.example.org/a?redirect_uri=http%3A%2F%2Fshop.example.com%2Fsignin-oidc",
    ],
)
def test_a_redirect_names_it(location: str) -> None:
    assert redirect(location)


@pytest.mark.parametrize(
    "location",
    [
        "/login",
        "https://shop.example.com/login",
        "http://other.example.org/",
        "https://login.example.org/a?redirect_uri=https%3A%2F%2Fshop.example.com%2Fsignin-oidc",
    ],
)
def test_a_redirect_does_not(location: str) -> None:
    assert not redirect(location)


def test_a_page_names_it_in_files_and_forms() -> None:
    style = sheet("http://shop.example.com/app.css")
    assert names_itself_plain(loads(style), HOST)
    assert names_itself_plain(loads(insecure_forms=("http://shop.example.com/login",)), HOST)
    assert not names_itself_plain(loads(), HOST)
    other = sheet("http://cdn.example.org/app.css")
    assert not names_itself_plain(loads(other), HOST)


def test_a_page_of_http_says_nothing() -> None:
    style = sheet("http://shop.example.com/app.css")
    assert not names_itself_plain(replace(loads(style), url="http://shop.example.com/"), HOST)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ('{"next": "http://shop.example.com/api?page=2"}', ("http://shop.example.com/api?page=2",)),
        ('{"next": "http:\\/\\/shop.example.com\\/api"}', ("http://shop.example.com/api",)),
        ("<a href='http://shop.example.com/a'>A</a>", ("http://shop.example.com/a",)),
        ("at http://shop.example.com:8080/a, or", ("http://shop.example.com:8080/a",)),
        ("http://shop.example.com.evil.test/ http://example.com/ https://shop.example.com/", ()),
        ("http://[ http:// http:///", ()),
        ("url: 'ws://shop.example.com/socket'", ("ws://shop.example.com/socket",)),
        ("news://shop.example.com/ wss://shop.example.com/ws", ()),
    ],
)
def test_plain_addresses_in_a_text(text: str, addresses: tuple[str, ...]) -> None:
    assert plain_addresses(text, "shop.example.com") == addresses


def test_three_plain_addresses_are_named() -> None:
    text = " ".join(f"http://shop.example.com/{number}" for number in range(100_000))
    assert len(plain_addresses(text, "shop.example.com")) == 3


@pytest.mark.parametrize(
    "words",
    [
        "After login seafile redirect to http://shop.example.com not https",
        "Redirect to HTTP not HTTPS after login",
        "登录后会跳转到http协议",
        "the callback url is http instead of https",
        "it sends me back to http",
    ],
)
def test_a_message_complains_of_http(words: str) -> None:
    assert complains_of_http(words)


@pytest.mark.parametrize(
    "words",
    [
        "redirects to https://shop.example.com",
        "redirects to http://localhost:3000",
        "redirects to http://backend:8080/login",
        "redirects to http://192.168.1.5/",
        "the answer is HTTP 500",
        "redirects to the wrong port",
    ],
)
def test_a_message_about_something_else(words: str) -> None:
    assert not complains_of_http(words)


SETTINGS = '{"authUrl":"http:\\/\\/shop.example.com"}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f'<script id="env" type="application/json">{SETTINGS}</script>', True),
        (f"<p>Shop</p><SCRIPT>window.env = {SETTINGS};</SCRIPT>", True),
        ("<script type='module'>get('http://shop.example.com/api')</script>", True),
        (f'<script type="application/ld+json">{SETTINGS}</script>', False),
        ('<a href="http://shop.example.com/">Shop</a><script>start()</script>', False),
        ("<script>get('http://other.example.org/')</script>", False),
        (f"<script>{SETTINGS}", False),
        ("<script" * 9, False),
    ],
)
def test_a_script_or_its_settings_in_a_page_name_it(body: str, expected: bool) -> None:
    assert is_written_in_script(body, HOST) is expected


LOGIN = "https://github.example/authorize?client_id=1{}redirect_uri=http%3A%2F%2F{}%2Fback"


@pytest.mark.parametrize("mark", ["&", "&amp;", "\\u0026"])
def test_the_address_to_which_a_login_in_json_leads_back(mark: str) -> None:
    """https://github.com/nezhahq/nezha/issues/1000: a script requests the login's address."""
    body = f'{{"data":{{"redirect":"{LOGIN.format(mark, HOST)}"}}}}'
    assert plain_addresses(body, HOST) == (f"http://{HOST}/back",)
    assert not plain_addresses(body.replace("http%3A", "https%3A"), HOST)
    assert not plain_addresses(LOGIN.format(mark, "other.example.org"), HOST)
    assert not plain_addresses(body.replace("redirect_uri", "share"), HOST)
