"""Where a redirect may lead. Whole chains are followed in test_http.py."""

import pytest

from diagnose.model.http import Exchange
from diagnose.probes.outside import http_redirects


def exchange(*cookies: str, url: str = "http://shop.example.com/") -> Exchange:
    headers = tuple(("Set-Cookie", cookie) for cookie in cookies)
    return Exchange(url=url, address="203.0.113.10", port=80, headers=headers)


def test_cookies_are_kept_for_their_host_and_not_without_end() -> None:
    cookies = http_redirects._Cookies()
    cookies.store(exchange("a=1; Path=/", "b=2", "bad", "é=3"))
    assert cookies.cookie_header("shop.example.com") == "a=1; b=2"
    assert cookies.cookie_header("elsewhere.example") == ""
    cookies.store(exchange(*(f"c{number}=1" for number in range(99))))
    assert cookies.cookie_header("shop.example.com").count(";") == 15


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://[::ffff:100.100.100.200]/", "http://meta.example/"]
)
def test_nor_does_a_server_in_our_own_network_to_a_clouds_addresses(url: str) -> None:
    before = Exchange(url="http://10.0.0.1/", address="10.0.0.1", port=80)
    address = {"http://meta.example/": "168.63.129.16"}.get(url, url[7:-1].strip("[]"))
    assert http_redirects._is_forbidden_address(before, address)
    assert not http_redirects._is_forbidden_address(before, "10.0.0.2")
