from dataclasses import replace

from diagnose.model import Confidence, Target
from diagnose.model.dns import DnsAnswer, HostsEntry, Resolution
from tests.support.check_evidence import TIMEOUT, judge

FIRST = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("203.0.113.10",),
)
OTHER = replace(FIRST, server="10.0.0.2", records=("10.0.0.4",), purpose="other-resolver")
SYSTEM = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))


def test_fires_when_two_resolvers_differ() -> None:
    (claim,) = judge("dns.split-horizon", FIRST, OTHER, SYSTEM)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["other_addresses"] == ("10.0.0.4",)


def test_fires_less_surely_when_both_may_be_right() -> None:
    (claim,) = judge("dns.split-horizon", FIRST, replace(OTHER, records=("203.0.113.99",)))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_when_the_system_is_led_inside() -> None:
    (claim,) = judge("dns.split-horizon", FIRST, replace(SYSTEM, addresses=("10.0.0.4",)))
    assert claim.facts["other"] == "getaddrinfo"


def test_silent_when_all_say_the_same_or_share_an_address() -> None:
    same = replace(OTHER, records=("203.0.113.10",))
    assert not judge("dns.split-horizon", FIRST, same, SYSTEM)
    both = replace(OTHER, records=("203.0.113.11", "203.0.113.10"))
    assert not judge("dns.split-horizon", FIRST, both)


def test_silent_when_load_is_spread() -> None:
    assert not judge("dns.split-horizon", FIRST, replace(SYSTEM, addresses=("203.0.113.77",)))


def test_silent_when_the_other_was_not_heard() -> None:
    assert not judge("dns.split-horizon", FIRST, replace(OTHER, rcode="", failure=TIMEOUT))
    assert not judge("dns.split-horizon", FIRST, replace(OTHER, rcode="SERVFAIL", records=()))


def test_silent_when_it_is_the_hosts_file() -> None:
    line = HostsEntry(
        file="/etc/hosts",
        line=2,
        text="10.0.0.4 shop.example.com",
        address="10.0.0.4",
        names=("shop.example.com",),
    )
    system = replace(SYSTEM, addresses=("10.0.0.4",))
    assert not judge("dns.split-horizon", FIRST, line, system)


def test_silent_for_a_single_label_that_a_search_domain_completes() -> None:
    wiki = Target("wiki", "https", "wiki", 443)
    denied = replace(FIRST, name="wiki", rcode="NXDOMAIN", records=())
    system = replace(SYSTEM, name="wiki", addresses=("10.0.0.4",))
    assert not judge("dns.split-horizon", denied, system, target=wiki)
    assert judge("dns.split-horizon", denied, system)
