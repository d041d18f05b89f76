from dataclasses import replace

from diagnose.model.dns import DnsAnswer
from tests.support.check_evidence import judge

FAILED = DnsAnswer(name="shop.example.com", rdtype="A", server="198.51.100.1", rcode="SERVFAIL")
STEP = DnsAnswer(
    name="shop.example.com",
    rdtype="CNAME",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("www.example.com.",),
    purpose="alias",
)
BACK = replace(STEP, name="www.example.com", records=("SHOP.example.com.",))


def test_fires_when_the_aliases_followed_by_hand_come_back() -> None:
    (claim,) = judge("dns.cname-loop", FAILED, STEP, BACK)
    assert claim.facts["loop"] == "shop.example.com -> www.example.com -> shop.example.com"


def test_fires_when_the_answer_itself_shows_it() -> None:
    chain = replace(
        FAILED, rcode="NOERROR", aliases=("a.example.com", "b.example.com", "a.example.com")
    )
    (claim,) = judge("dns.cname-loop", chain)
    assert claim.facts["members"] == ("a.example.com", "b.example.com")


def test_fires_for_a_name_that_is_its_own_alias() -> None:
    (claim,) = judge("dns.cname-loop", FAILED, replace(STEP, records=("shop.example.com.",)))
    assert claim.facts["itself"]


def test_silent_when_the_chain_ends() -> None:
    end = replace(STEP, name="www.example.com", records=())
    assert not judge("dns.cname-loop", FAILED, STEP, end)
    good = replace(FAILED, rcode="NOERROR", aliases=("www.example.com",), records=("203.0.113.10",))
    assert not judge("dns.cname-loop", good)
