from dataclasses import replace

from diagnose.model.dns import DnsAnswer, Resolution
from tests.support.check_evidence import judge

GONE = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NXDOMAIN",
    aliases=("www.example.com", "edge.example.net"),
)


def test_fires_and_names_the_record_to_change() -> None:
    (claim,) = judge("dns.dangling-cname", GONE, replace(GONE, rdtype="AAAA"))
    assert claim.facts["owner"] == "www.example.com"
    assert claim.facts["alias"] == "edge.example.net"


def test_silent_when_the_name_itself_is_not_there() -> None:
    assert not judge("dns.dangling-cname", replace(GONE, aliases=()))


def test_silent_when_the_alias_leads_to_an_address() -> None:
    assert not judge("dns.dangling-cname", replace(GONE, rcode="NOERROR", records=("203.0.113.1",)))
    four = replace(GONE, rcode="NOERROR", records=("203.0.113.1",))
    assert not judge("dns.dangling-cname", four, replace(GONE, rdtype="AAAA"))


def test_silent_when_the_hosts_file_knows_the_name() -> None:
    found = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
    assert not judge("dns.dangling-cname", GONE, found)
