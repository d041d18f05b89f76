from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual, Vantage, Where
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.server import Interface, Listener, Listeners
from tests.support.check_evidence import TIMEOUT, judge, texts
from tests.support.firewall_rules import listening

DENIED = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NXDOMAIN",
    zone="example.com",
)
EXISTS = DnsAnswer(
    name="example.com", rdtype="SOA", server="198.51.100.1", rcode="NOERROR", purpose="parent"
)
LOST = Resolution(name="shop.example.com", family=4, failure=TIMEOUT)


def test_fires_once_for_both_families() -> None:
    (claim,) = judge("dns.nxdomain", LOST, DENIED, replace(DENIED, rdtype="AAAA"), EXISTS)
    assert claim.about.name == "shop.example.com"
    assert claim.facts["closest"] == "example.com"
    assert not claim.facts["unregistered"]


def test_fires_and_names_the_domain_that_is_gone() -> None:
    (claim,) = judge(
        "dns.nxdomain",
        LOST,
        replace(DENIED, zone="com"),
        replace(EXISTS, rcode="NXDOMAIN"),
        replace(EXISTS, name="com"),
    )
    assert claim.facts["domain"] == "example.com"
    assert claim.facts["unregistered"]
    assert "clientHold" in "".join(texts("dns.nxdomain", claim))


def test_fires_with_the_servers_own_address_as_the_value_to_enter() -> None:
    card = Interface(name="eth0", up=True, addresses=("203.0.113.10", "10.0.0.4"))
    (claim,) = judge("dns.nxdomain", DENIED, replace(card, vantage=Vantage.SERVER))
    assert claim.facts["addresses"] == ("203.0.113.10",)


def test_fires_where_only_this_machine_itself_answers_to_the_name() -> None:
    here = Resolution(name="shop.example.com", family=4, addresses=("127.0.1.1",))
    assert judge("dns.nxdomain", here, DENIED)


def test_fires_less_surely_where_another_resolver_knows_the_name() -> None:
    other = replace(DENIED, rcode="NOERROR", records=("203.0.113.10",), purpose="other-resolver")
    (claim,) = judge("dns.nxdomain", DENIED, other)
    assert claim.confidence is Confidence.LIKELY


def test_fires_less_surely_where_the_denial_names_no_zone() -> None:
    (claim,) = judge("dns.nxdomain", replace(DENIED, zone=""), EXISTS)
    assert claim.confidence is Confidence.LIKELY
    assert "no SOA record" in "".join(texts("dns.nxdomain", claim))


def test_fires_with_the_last_label_that_is_no_top_level_domain() -> None:
    denied = replace(DENIED, name="shop.example.con", zone=".")
    gone = [replace(EXISTS, name=name, rcode="NXDOMAIN") for name in ("example.con", "con")]
    com = replace(EXISTS, name="com", purpose="control")
    (claim,) = judge("dns.nxdomain", denied, *gone, com)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("correct-name", Where.CLIENT),)


def test_silent_when_the_name_exists_or_leads_somewhere() -> None:
    assert not judge("dns.nxdomain", replace(DENIED, rcode="NOERROR", records=("203.0.113.10",)))
    assert not judge("dns.nxdomain", replace(DENIED, rcode="NOERROR"))
    assert not judge("dns.nxdomain", replace(DENIED, aliases=("gone.example.net",)))
    assert not judge("dns.nxdomain", replace(DENIED, rcode="", failure=TIMEOUT))


def test_silent_when_the_hosts_file_or_another_service_knows_it() -> None:
    found = Resolution(name="shop.example.com", family=4, addresses=("10.0.0.4",))
    assert not judge("dns.nxdomain", DENIED, found)


def test_silent_when_a_second_question_was_answered() -> None:
    again = replace(DENIED, rcode="NOERROR", records=("203.0.113.10",), purpose="again")
    assert not judge("dns.nxdomain", DENIED, again)


@pytest.mark.parametrize("name", ["printer.local", "wiki", "git.corp.internal", "nas.lan"])
def test_fires_without_sending_a_private_name_to_a_dns_provider(name: str) -> None:
    denied = replace(DENIED, name=name, zone="")
    top = replace(EXISTS, name=name.rpartition(".")[2], rcode="NXDOMAIN")
    (claim,) = judge("dns.nxdomain", denied, top)
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("private-name", Where.CLIENT),)
    assert claim.facts["multicast"] is name.endswith(".local")


def test_fires_and_names_the_name_without_www_that_exists() -> None:
    bare = replace(DENIED, name="example.com", rcode="NOERROR", purpose="sibling")
    (claim,) = judge("dns.nxdomain", LOST, DENIED, replace(bare, records=("203.0.113.10",)))
    assert claim.facts["sibling"] == "example.com"
    (claim,) = judge("dns.nxdomain", LOST, DENIED, bare)
    assert claim.facts["sibling"] == ""


def test_no_address_of_a_family_over_which_nothing_listens_is_offered() -> None:
    card = Interface(
        name="eth0", up=True, addresses=("203.0.113.10", "2001:db8::10"), vantage=Vantage.SERVER
    )
    (claim,) = judge("dns.nxdomain", DENIED, card, listening(443))
    assert claim.facts["addresses"] == ("203.0.113.10",)
    (claim,) = judge("dns.nxdomain", DENIED, card, listening(80))
    assert claim.facts["addresses"] == ("203.0.113.10", "2001:db8::10")
    only_ipv6 = Listener(vantage=Vantage.SERVER, address="::", port=443, family=6)
    sockets = (*listening(443).sockets, only_ipv6)
    (claim,) = judge("dns.nxdomain", DENIED, card, Listeners(sockets=sockets))
    assert claim.facts["addresses"] == ("203.0.113.10", "2001:db8::10")


def test_the_name_of_an_internal_site_is_not_to_be_made_public() -> None:
    (claim,) = judge("dns.nxdomain", DENIED)
    (remedy,) = (text for text in texts("dns.nxdomain", claim) if "Check the spelling" in text)
    assert "add nothing to the public DNS" in remedy
