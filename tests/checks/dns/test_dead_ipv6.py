from dataclasses import replace

from diagnose.model import Confidence, Failure, Manual, Vantage
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection, IcmpError
from tests.support.check_evidence import REFUSED, TIMEOUT, judge

FOUND = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))
FOUND6 = Resolution(name="shop.example.com", family=6, addresses=("2001:db8::10",))
WORKS = Connection(address="203.0.113.10", port=443, family=4, source="198.51.100.10")
DEAD = Connection(
    address="2001:db8::10", port=443, family=6, failure=TIMEOUT, source="2001:db8:1::10"
)
NO_ROUTE = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")


def test_fires_when_ipv6_is_silent_and_ipv4_works() -> None:
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, DEAD)
    assert claim.confidence is Confidence.LIKELY
    assert claim.covers[0].address == "2001:db8::10"


def test_fires_surely_when_the_server_itself_refuses() -> None:
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, replace(DEAD, failure=REFUSED))
    assert claim.confidence is Confidence.CERTAIN


def test_an_address_of_another_machine_is_to_be_removed_from_dns() -> None:
    card = Interface(
        name="eth0",
        up=True,
        addresses=("203.0.113.10", "2001:db8::7", "fe80::1"),
        vantage=Vantage.SERVER,
    )
    opened = replace(DEAD, port=80, failure=None, purpose="plain")
    refused = replace(DEAD, failure=REFUSED)
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, refused, opened, card)
    assert claim.facts["foreign"]
    assert claim.facts["own"] == ("2001:db8::7",)
    assert claim.facts["plain"]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "remove"
    own = replace(card, addresses=("203.0.113.10", "2001:db8::10"))
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, refused, own)
    assert not claim.facts["foreign"]


def test_fires_surely_when_a_router_says_that_there_is_no_way() -> None:
    observation = replace(DEAD, failure=NO_ROUTE, icmp=IcmpError(6, 1, 0, "2001:db8:9::1"))
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, observation)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_surely_when_the_resolver_was_asked_over_ipv6() -> None:
    asked = DnsAnswer(name="shop.example.com", rdtype="A", server="2001:db8::53", rcode="NOERROR")
    (claim,) = judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, DEAD, asked)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_when_this_machine_has_no_ipv6() -> None:
    nowhere = replace(DEAD, failure=NO_ROUTE, source="")
    assert not judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, nowhere)


def test_silent_when_ipv6_works_or_ipv4_does_not() -> None:
    assert not judge("dns.dead-ipv6", FOUND, FOUND6, WORKS, replace(DEAD, failure=None))
    assert not judge("dns.dead-ipv6", FOUND, FOUND6, replace(WORKS, failure=TIMEOUT), DEAD)
    assert not judge("dns.dead-ipv6", FOUND6, DEAD)


def test_silent_when_one_of_several_ipv6_addresses_works() -> None:
    both = replace(FOUND6, addresses=("2001:db8::10", "2001:db8::11"))
    good = replace(DEAD, address="2001:db8::11", failure=None)
    assert not judge("dns.dead-ipv6", FOUND, both, WORKS, DEAD, good)


def test_silent_while_one_of_them_has_not_been_tried() -> None:
    both = replace(FOUND6, addresses=("2001:db8::10", "2001:db8::11"))
    assert not judge("dns.dead-ipv6", FOUND, both, WORKS, DEAD)
