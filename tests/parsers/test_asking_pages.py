"""Tests for the address of the page that asks, among those of a message."""

import pytest

from diagnose.parsers.asking_pages import asking_page
from diagnose.parsers.cors_messages import origin_of
from diagnose.parsers.message_sites import MessageSite, site_in_message

PAGE, API = "https://app.example.org", "https://shop.example.com/api/orders"


@pytest.mark.parametrize(
    "text",
    [
        f"the fetch from {PAGE} with user and password to {API} fails with CORS, curl works",
        f"desde {PAGE} el fetch con usuario a {API} falla por CORS, con curl funciona bien",
        f"von {PAGE} geht der fetch an {API} nicht wegen CORS",
        f"depuis {PAGE} la requête vers {API} échoue (CORS)",
        f"da {PAGE} la richiesta a {API} fallisce per CORS",
        f"с {PAGE} запрос на {API} падает по CORS",
        f"从 {PAGE} 请求 {API} 跨域失败",
        f"{PAGE} から {API} への fetch が CORS で失敗する",
        f"my frontend {PAGE} calls the API at {API} and gets a CORS error",
    ],
)
def test_page_asks_and_other_address_is_site(text: str) -> None:
    site = site_in_message(text)
    assert isinstance(site, MessageSite)
    assert (site.target, origin_of(text)) == (API, PAGE)


@pytest.mark.parametrize(
    "text",
    [
        f"fetching data from {API} on my page {PAGE} fails with CORS",
        f"redirect from {API} to {PAGE} for each request",
        f"the links from {PAGE} to {API} give a CORS error",
        f"CORS error from {PAGE}",
    ],
)
def test_no_page_that_asks(text: str) -> None:
    assert asking_page(text) is None
