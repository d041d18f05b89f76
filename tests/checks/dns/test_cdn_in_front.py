from dataclasses import replace

from diagnose.model import Severity
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge

FOUND = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
ALIAS = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    aliases=("d111.cloudfront.net",),
    records=("203.0.113.10",),
)
SEEN = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    headers=(("Server", "cloudflare"), ("CF-Ray", "8c1f")),
)


def test_fires_by_the_alias() -> None:
    (claim,) = judge("dns.cdn-in-front", FOUND, ALIAS)
    assert claim.facts["cdn"] == "Amazon CloudFront"


def test_fires_by_what_the_cdn_adds() -> None:
    (claim,) = judge("dns.cdn-in-front", FOUND, SEEN)
    assert claim.facts["cdn"] == "Cloudflare"
    assert claim.severity in {None, Severity.NOTE}


def test_silent_about_a_plain_server() -> None:
    plain = replace(SEEN, headers=(("Server", "nginx"),))
    assert not judge("dns.cdn-in-front", FOUND, replace(ALIAS, aliases=()), plain)


def test_silent_about_where_a_redirect_leads() -> None:
    assert not judge("dns.cdn-in-front", FOUND, replace(SEEN, purpose="redirect"))


def test_silent_about_a_name_that_only_looks_alike() -> None:
    assert not judge("dns.cdn-in-front", FOUND, replace(ALIAS, aliases=("notcloudfront.net",)))
