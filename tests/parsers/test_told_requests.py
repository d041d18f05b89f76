"""Lines of access logs in messages."""

import pytest

from diagnose.parsers.told_requests import ToldRequest, told_request

VISITOR = "198.51.100.10"
TIME = f"{VISITOR} - - [15/Nov/2017:10:21:44 +0000]"


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        (
            f'{TIME} "POST /pay?id=1 HTTP/1.1" 444 0 "-" "Java/1.8" https://shop.example.com/pay',
            ToldRequest("POST", "/pay?id=1", 444, "", "Java/1.8", "1.1", client=VISITOR),
        ),
        (
            f'{TIME} "GET / HTTP/2.0" 403 9 "https://a.example/" "x" 1 "shop@docker" "-" 0ms',
            ToldRequest("GET", "/", 403, "https://a.example/", "x", "2.0", client=VISITOR),
        ),
        (
            f'{TIME} "GET /a HTTP/1.1" 200 -',
            ToldRequest("GET", "/a", 200, client=VISITOR, version="1.1"),
        ),
        (
            "web1 haproxy[9]: 198.51.100.10:5 [01/Dec/2026:22:11:12.123] https~ api/a1 0/0/0/1/1 "
            "403 192 - - PR-- 1/1/0/0/0 0/0"
            ' "POST https://a.example/api/orders HTTP/2.0"',
            ToldRequest("POST", "/api/orders", 403, client=VISITOR, version="2.0"),
        ),
        (
            'x {"level":"info","request":{"proto":"HTTP/2.0","method":"GET","host":"a.example",'
            '"uri":"/","headers":{"User-Agent":["Bot/1"]}},"status":403,'
            '"resp_headers":{"Server":["Caddy"]}}',
            ToldRequest("GET", "/", 403, "", "Bot/1", version="2.0"),
        ),
        (
            '{"RequestMethod":"PUT","RequestPath":"/a","DownstreamStatus":404,'
            '"RequestProtocol":"HTTP/1.1","request_User-Agent":"x/1"}',
            ToldRequest("PUT", "/a", 404, "", "x/1", version="1.1"),
        ),
        ('{"method":"GET","uri":"/a"}', None),
        ('{"method": ["GET"], "uri": {', None),
        ('client: 1.2.3.4, request: "GET /a HTTP/1.1", upstream: "http://x/"', None),
        ("403 for GET /a", None),
    ],
)
def test_reads_the_request(text: str, request_in_it: ToldRequest | None) -> None:
    assert told_request(text) == request_in_it


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        # HAProxy's HTTP format, behind a header of syslog
        (
            "Dec  1 22:11:12 web1 haproxy[812]: 198.51.100.10:51234 [01/Dec/2026:22:11:12.123] "
            "https~ https/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0 "
            '"POST /api/login HTTP/1.1"',
            ToldRequest("POST", "/api/login", 403, client=VISITOR, version="1.1"),
        ),
        # Caddy
        (
            '{"level":"info","request":{"remote_ip":"198.51.100.10","remote_port":"5","method":"GET"'
            ',"host":"shop.example.com","uri":"/a?b=1","headers":{"User-Agent":["x/1"]}},'
            '"duration":0.01,"status":403}',
            ToldRequest("GET", "/a?b=1", 403, "", "x/1", client=VISITOR),
        ),
        # Traefik
        (
            '{"ClientAddr":"198.51.100.10:4","ClientHost":"198.51.100.10","DownstreamStatus":429,'
            '"RequestMethod":"POST","RequestPath":"/api","request_User-Agent":"okhttp/4"}',
            ToldRequest("POST", "/api", 429, "", "okhttp/4", client=VISITOR),
        ),
        # nginx, escape=json
        (
            '{"remote_addr":"198.51.100.10","request":"PUT /x HTTP/2.0","status": "405"}',
            ToldRequest("PUT", "/x", 405, client=VISITOR, version="2.0"),
        ),
        # Grafana
        (
            'logger=context userId=0 level=info msg="Request Completed" method=POST path=/login '
            "status=429 remote_addr=198.51.100.10 time_ms=1",
            ToldRequest("POST", "/login", 429, client=VISITOR),
        ),
        # an error of an interface has no method
        ('{"timestamp":1,"status":403,"error":"Forbidden","path":"/api/save"}', None),
        ('{"status":"failed","method":"POST","path":"/x"}', None),
        ('fetch("/api", { method: "POST" }) gives status 403', None),
    ],
)
def test_reads_the_rows_of_other_programs(text: str, request_in_it: ToldRequest | None) -> None:
    assert told_request(text) == request_in_it
