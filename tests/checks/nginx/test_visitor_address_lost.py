"""nginx.visitor-address-lost: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Symptom, Vantage
from diagnose.model.logs import LogLine
from diagnose.model.requests import CountedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import FILE, LOADED, RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.visitor-address-lost"
ASKED = replace(SHOP, symptom=Symptom("visitor-address", "all visitors have the address 127.0.0.1"))
PASSED = "proxy_set_header Host $host;\n        proxy_set_header X-Real-IP $remote_addr;"
INNER = """\
limit_req_zone $binary_remote_addr zone=customer:10m rate=1r/s;
server {
    listen 127.0.0.1:8081;
    server_name shop.example.com;
    REAL
    location / {
        limit_req zone=customer burst=3;
        proxy_pass http://127.0.0.1:9002;
    }
}
"""
LIMITED = LogLine(
    vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=LOADED + 9, level="error", pid=8,
    text='limiting requests, excess: 4.061 by zone "customer"', client="127.0.0.1",
    server="shop.example.com", request="GET /customer/ HTTP/1.0", host="shop.example.com",
)  # fmt: skip


def judged(text: str, *observations: LogLine, asked: bool = True) -> list[Claim]:
    target = ASKED if asked else SHOP
    return judge(
        CHECK, RUNNING, config(text), page(200), *observations, target=target, masked=False
    )


def test_fires_after_a_message_where_no_field_has_the_address() -> None:
    (claim,) = judged(SITE)
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "X-Forwarded-For $proxy_add_x_forwarded_for" in str(claim.fix.steps[0])
    assert claim.location
    assert claim.location.file == FILE


def test_fires_for_a_limit_that_refused_the_proxy_of_this_server() -> None:
    (claim,) = judged(SITE + INNER.replace("REAL", ""), LIMITED, asked=False)
    assert (claim.facts["limited"], claim.facts["front"]) == (True, "127.0.0.1")
    assert claim.facts["rule"] == "limit_req zone=customer burst=3"


def test_silent_without_a_message_and_where_the_address_is_passed_on() -> None:
    assert not judged(SITE, asked=False)
    assert not judged(SITE.replace("proxy_set_header Host $host;", PASSED))


def test_silent_about_a_limit_that_refused_a_visitor_or_takes_the_address() -> None:
    other = replace(LIMITED, client="192.0.2.7")
    assert not judged(SITE + INNER.replace("REAL", ""), other, asked=False)
    real = "set_real_ip_from 127.0.0.1;"
    assert not judged(SITE + INNER.replace("REAL", real), LIMITED, asked=False)


def test_fires_where_the_application_refuses_nginx_and_serves_visitors() -> None:
    """Without a message: the page is refused with 429."""
    asked = CountedRequest(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
        port=3000, asker="proxy", status=429,
    )  # fmt: skip
    visitor = replace(asked, asker="visitor", source="192.0.2.7", status=200)
    refused = replace(page(200), status=429)
    (claim,) = judge(CHECK, RUNNING, config(SITE), refused, asked, visitor)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, RUNNING, config(SITE), refused, asked, replace(visitor, status=429))
