from dataclasses import replace

from diagnose.model.dns import DnsAnswer
from tests.support.check_evidence import judge

OURS = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("203.0.113.10",),
)
BESIDE = replace(OURS, name="0a1b2c.example.com", purpose="beside")


def test_fires_when_a_made_up_name_gets_the_same_answer() -> None:
    (claim,) = judge("dns.wildcard-answer", OURS, BESIDE)
    assert claim.facts["parent"] == "example.com"


def test_silent_when_it_does_not_exist_or_leads_elsewhere() -> None:
    assert not judge("dns.wildcard-answer", OURS, replace(BESIDE, rcode="NXDOMAIN", records=()))
    assert not judge("dns.wildcard-answer", OURS, replace(BESIDE, records=("203.0.113.99",)))


def test_silent_when_the_target_has_no_address_either() -> None:
    empty = replace(OURS, rcode="NXDOMAIN", records=())
    assert not judge("dns.wildcard-answer", empty, replace(BESIDE, rcode="NXDOMAIN", records=()))
