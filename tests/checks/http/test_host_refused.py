"""http.host-refused: the words of a framework, and pages that only mention them."""

import pytest

from tests.support.check_evidence import judge
from tests.support.upstream_evidence import page

CHECK = "http.host-refused"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, "Invalid HTTP_HOST header: 'shop.example.com'. You may need to add it."),
        (400, "<title>DisallowedHost at /</title>"),
        (403, "<h1>Blocked hosts: shop.example.com</h1>"),
        (403, 'Blocked request. This host ("shop.example.com") is not allowed.'),
        (403, "Invalid Host header"),
        (200, "Invalid Host header"),  # webpack-dev-server 2 and 3
        (400, "<h2>Access through untrusted domain</h2>"),
        (400, "\u901a\u8fc7\u4e0d\u88ab\u4fe1\u4efb\u7684\u57df\u540d\u8bbf\u95ee"),
        (400, "<title>Bad Request (400)</title><h1>Bad Request (400)</h1><p></p>"),
        (421, "your request, but the hostname was unrecognized."),
    ],
)
def test_fires_on_the_words_of_a_framework(status: int, body: str) -> None:
    (claim,) = judge(CHECK, page(status, body))
    assert claim.facts["host"] == "shop.example.com"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<h1>Blocked requests: 12. Blocked hosts: 3</h1>"),
        (200, "Invalid Host header: what webpack means by it"),
        (200, 'A page about the message "Invalid Host header" of webpack'),
        (400, "Bad Request (400)"),
        (400, "<h1>Bad Request (400)</h1>" + "<p>Write to us.</p>" * 30),
        (404, "<h1>Bad Request (400)</h1>"),
        (403, "Blocked request"),
        (403, ""),
    ],
)
def test_silent_on_a_page_that_mentions_them_and_on_other_refusals(status: int, body: str) -> None:
    assert not judge(CHECK, page(status, body))
