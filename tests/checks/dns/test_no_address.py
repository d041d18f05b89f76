from dataclasses import replace

import pytest

from diagnose.model import Confidence, Vantage
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.server import Interface
from tests.support.check_evidence import TIMEOUT, judge, texts

EMPTY = DnsAnswer(name="shop.example.com", rdtype="A", server="198.51.100.1", rcode="NOERROR")
EMPTY6 = replace(EMPTY, rdtype="AAAA")
BOTH = Interface(
    name="eth0", up=True, addresses=("203.0.113.10", "2001:db8:2::10"), vantage=Vantage.SERVER
)


def test_fires_when_there_is_neither_address() -> None:
    (claim,) = judge("dns.no-address", EMPTY, EMPTY6)
    assert claim.facts["types"] == ("A", "AAAA")
    assert claim.facts["owner"] == "shop.example.com"


def test_fires_for_sure_only_where_the_zone_says_so() -> None:
    (claim,) = judge("dns.no-address", EMPTY, EMPTY6)
    assert (claim.confidence, claim.facts["stripped"]) == (Confidence.LIKELY, True)
    said = [replace(each, zone="example.com") for each in (EMPTY, EMPTY6)]
    (claim,) = judge("dns.no-address", *said)
    assert (claim.confidence, claim.facts["stripped"]) == (Confidence.CERTAIN, False)


def test_fires_and_names_the_end_of_the_chain() -> None:
    (claim,) = judge(
        "dns.no-address",
        replace(EMPTY, aliases=("edge.example.net",)),
        replace(EMPTY6, aliases=("edge.example.net",)),
    )
    assert claim.facts["owner"] == "edge.example.net"


@pytest.mark.parametrize(
    ("answer", "own", "value"),
    [(EMPTY, "only_ipv4", "203.0.113.10"), (EMPTY6, "only_ipv6", "2001:db8:2::10")],
)
def test_fires_for_the_family_that_was_asked_for_alone(
    answer: DnsAnswer, own: str, value: str
) -> None:
    """`-4` of a site that has IPv6 alone: a record A with an IPv6 address is none."""
    (claim,) = judge("dns.no-address", answer, BOTH)
    assert claim.facts[own]
    assert claim.facts["addresses"] == (value,)
    (summary,) = {text for text in texts("dns.no-address", claim) if "knows the name" in text}
    assert "nobody" not in summary


def test_silent_when_one_family_has_an_address() -> None:
    assert not judge("dns.no-address", replace(EMPTY, records=("203.0.113.10",)), EMPTY6)
    assert not judge("dns.no-address", EMPTY, replace(EMPTY6, records=("2001:db8::10",)))


def test_silent_when_one_family_is_unknown() -> None:
    assert not judge("dns.no-address", EMPTY, replace(EMPTY6, rcode="", failure=TIMEOUT))
    assert not judge("dns.no-address", EMPTY, replace(EMPTY6, rcode="SERVFAIL"))
    assert not judge("dns.no-address", EMPTY, replace(EMPTY6, truncated=True))


def test_silent_when_the_hosts_file_knows_the_name() -> None:
    found = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
    assert not judge("dns.no-address", EMPTY, EMPTY6, found)


def test_fires_and_names_the_name_with_www_that_has_one() -> None:
    www = replace(EMPTY, name="www.shop.example.com", purpose="sibling", records=("203.0.113.10",))
    (claim,) = judge("dns.no-address", EMPTY, EMPTY6, www)
    assert claim.facts["sibling"] == "www.shop.example.com"
    assert claim.facts["sibling_addresses"] == ("203.0.113.10",)
