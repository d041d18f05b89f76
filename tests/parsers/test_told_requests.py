"""Lines of access logs in messages."""

import pytest

from diagnose.parsers.told_requests import ToldRequest, told_request

TIME = "198.51.100.10 - - [15/Nov/2017:10:21:44 +0000]"


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        (
            f'{TIME} "POST /pay?id=1 HTTP/1.1" 444 0 "-" "Java/1.8" https://shop.example.com/pay',
            ToldRequest("POST", "/pay?id=1", 444, "", "Java/1.8", "1.1"),
        ),
        (
            f'{TIME} "GET / HTTP/2.0" 403 9 "https://a.example/" "x" 1 "shop@docker" "-" 0ms',
            ToldRequest("GET", "/", 403, "https://a.example/", "x", "2.0"),
        ),
        (f'{TIME} "GET /a HTTP/1.1" 200 -', ToldRequest("GET", "/a", 200, version="1.1")),
        (
            "web1 haproxy[9]: 1.2.3.4:5 [t] https~ api/a1 0/0/0/1/1 403 192 - - PR-- 1/1/0/0/0 0/0"
            ' "POST https://a.example/api/orders HTTP/2.0"',
            ToldRequest("POST", "/api/orders", 403, version="2.0"),
        ),
        (
            'x {"level":"info","request":{"proto":"HTTP/2.0","method":"GET","host":"a.example",'
            '"uri":"/","headers":{"User-Agent":["Bot/1"]}},"status":403,'
            '"resp_headers":{"Server":["Caddy"]}}',
            ToldRequest("GET", "/", 403, "", "Bot/1", "2.0"),
        ),
        (
            '{"RequestMethod":"PUT","RequestPath":"/a","DownstreamStatus":404,'
            '"RequestProtocol":"HTTP/1.1","request_User-Agent":"x/1"}',
            ToldRequest("PUT", "/a", 404, "", "x/1", "1.1"),
        ),
        ('{"method":"GET","uri":"/a"}', None),
        ('{"method": ["GET"], "uri": {', None),
        ('client: 1.2.3.4, request: "GET /a HTTP/1.1", upstream: "http://x/"', None),
        ("403 for GET /a", None),
    ],
)
def test_reads_the_request(text: str, request_in_it: ToldRequest | None) -> None:
    assert told_request(text) == request_in_it
