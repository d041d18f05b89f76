"""Whether an answer has the words of a pasted message."""

import pytest

from diagnose.parsers.repeated_words import repeats_words

KEYCLOAK = (
    "<!doctype html><html><head><title>Sign in to shop</title></head><body><h1>We are sorry...</h1>"
    '<p class="instruction">Invalid parameter: redirect_uri</p></body></html>'
)
PHP = (
    "<br />\n<b>Warning</b>:  Cannot modify header information - headers already sent by (output "
    "started at /srv/shop/config.php:1) in <b>/srv/shop/login.php</b> on line <b>12</b><br />\n"
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (KEYCLOAK, "We are sorry... Invalid parameter: redirect_uri"),
        (KEYCLOAK, "After the login Keycloak says “Invalid parameter: redirect_uri”, why?"),
        (PHP, "Cannot modify header information - headers already sent by (output started at …)"),
        ('{"error":"The request signature we calculated does not match"}',
         "request signature we calculated does not match"),
        ("<p>It&#39;s not possible to verify the user&#39;s session</p>",
         "It's not possible to verify the user's session"),
        ("<h1>系统检测到您的请求来源不合法</h1>", "登录后提示：系统检测到您的请求来源不合法"),
    ],
)  # fmt: skip
def test_words_in_a_row_are_a_repetition(body: str, message: str) -> None:
    assert repeats_words(body, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (KEYCLOAK, "the page is invalid, a redirect is a parameter"),
        ("<h1>404 Not Found</h1><hr>nginx/1.24.0", "404 Not Found nginx"),
        ("The path /api/v1/orders/list/all was not found",
         "GET /api/v1/orders/list/all says nothing at all"),
        ("https://shop.example.com/cart/items/all is gone",
         "https://shop.example.com/cart/items/all does not open"),
        ("", "We are sorry... Invalid parameter: redirect_uri"),
        (KEYCLOAK, ""),
    ],
)  # fmt: skip
def test_single_words_and_addresses_are_none(body: str, message: str) -> None:
    assert not repeats_words(body, message, ("shop.example.com", "/api/v1/orders/list/all"))
