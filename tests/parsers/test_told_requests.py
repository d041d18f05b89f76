"""Lines of access logs in messages."""

import pytest

from diagnose.parsers.told_requests import ToldRequest, told_request

TIME = "198.51.100.10 - - [15/Nov/2017:10:21:44 +0000]"


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        (
            f'{TIME} "POST /pay?id=1 HTTP/1.1" 444 0 "-" "Java/1.8" https://shop.example.com/pay',
            ToldRequest("POST", "/pay?id=1", 444, "", "Java/1.8"),
        ),
        (
            f'{TIME} "GET / HTTP/2.0" 403 9 "https://a.example/" "x" 1 "shop@docker" "-" 0ms',
            ToldRequest("GET", "/", 403, "https://a.example/", "x"),
        ),
        (f'{TIME} "GET /a HTTP/1.1" 200 -', ToldRequest("GET", "/a", 200)),
        ('client: 1.2.3.4, request: "GET /a HTTP/1.1", upstream: "http://x/"', None),
        ("403 for GET /a", None),
    ],
)
def test_reads_the_request(text: str, request_in_it: ToldRequest | None) -> None:
    assert told_request(text) == request_in_it
