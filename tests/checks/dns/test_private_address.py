from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import claims, findings
from diagnose.model import Crash, Failure, Manual, Severity, Target, Vantage, Where
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from tests.support.check_evidence import REFUSED, TIMEOUT, evidence, judge
from tests.support.tcp_evidence import ROUTER, rejected


def answer(*records: str, rdtype: str = "A") -> DnsAnswer:
    return DnsAnswer(
        name="shop.example.com",
        rdtype=rdtype,
        server="198.51.100.1",
        rcode="NOERROR",
        records=records,
    )


def attempt(address: str, failure: Failure | None = TIMEOUT) -> Connection:
    family = 6 if ":" in address else 4
    return Connection(address=address, port=443, family=family, failure=failure)


@pytest.mark.parametrize("address", ["10.0.0.4", "172.31.0.1", "192.168.1.1", "100.64.0.1"])
def test_fires_when_nobody_is_there(address: str) -> None:
    (claim,) = judge("dns.private-address", answer(address), attempt(address))
    assert claim.severity is None
    assert claim.facts["addresses"] == (address,)


def test_fires_for_a_unique_local_address() -> None:
    assert judge("dns.private-address", answer("fd00::4", rdtype="AAAA"), attempt("fd00::4"))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_fires_when_the_record_means_whoever_asks(address: str) -> None:
    (claim,) = judge("dns.private-address", answer(address), attempt(address, REFUSED))
    assert claim.severity is None
    assert claim.facts["nowhere"]


def test_fires_as_a_warning_where_a_public_address_works() -> None:
    (claim,) = judge(
        "dns.private-address",
        answer("10.0.0.4", "203.0.113.10"),
        attempt("10.0.0.4"),
        attempt("203.0.113.10", None),
    )
    assert claim.severity is Severity.WARNING


def test_fires_on_the_server_itself_whose_public_address_dns_does_not_name() -> None:
    card = Interface(name="eth0", up=True, addresses=("203.0.113.10",), vantage=Vantage.SERVER)
    (claim,) = judge("dns.private-address", answer("127.0.0.1"), attempt("127.0.0.1", None), card)
    assert claim.severity is None
    assert claim.facts["own"] == ("203.0.113.10",)


def test_silent_but_for_a_note_about_loopback_that_works() -> None:
    (claim,) = judge("dns.private-address", answer("127.0.0.1"), attempt("127.0.0.1", None))
    assert claim.severity is Severity.NOTE


def test_silent_but_for_a_note_about_an_internal_site_that_works() -> None:
    (claim,) = judge("dns.private-address", answer("10.0.0.4"), attempt("10.0.0.4", None))
    assert claim.severity is Severity.NOTE


def test_silent_but_for_a_note_where_a_machine_at_the_address_answers() -> None:
    (claim,) = judge("dns.private-address", answer("10.0.0.4"), attempt("10.0.0.4", REFUSED))
    assert claim.severity is Severity.NOTE


def test_silent_but_for_a_note_about_a_name_that_is_not_public() -> None:
    wiki = Target("wiki.internal", "https", "wiki.internal", 443)
    observation = replace(answer("10.0.0.4"), name="wiki.internal")
    (claim,) = judge("dns.private-address", observation, attempt("10.0.0.4"), target=wiki)
    assert claim.severity is Severity.NOTE


@pytest.mark.parametrize("address", ["203.0.113.10", "198.51.100.1", "192.0.2.1", "172.32.0.1"])
def test_silent_about_public_addresses_and_those_of_documentation(address: str) -> None:
    assert not judge("dns.private-address", answer(address), attempt(address))
    assert not judge("dns.private-address", answer("2001:db8::1"), attempt("2001:db8::1"))


def test_silent_when_it_is_not_dns_that_says_so() -> None:
    found = Resolution(name="shop.example.com", family=4, addresses=("10.0.0.4",))
    assert not judge("dns.private-address", answer("203.0.113.10"), found, attempt("10.0.0.4"))


@pytest.mark.parametrize("name", ["wiki.corp.internal", "wiki"])
def test_fires_for_a_private_name_to_whose_network_no_way_leads(name: str) -> None:
    """A VPN that is off: the router's answer is a consequence, and DNS is right."""
    inside = Target(name, "https", name, 443)
    observations = (
        replace(answer("10.0.0.4"), name=name),
        rejected("10.0.0.4", 3, 0, sender=ROUTER[4]),
    )
    (claim,) = judge("dns.private-address", *observations, target=inside)
    assert claim.severity is None
    assert claim.fix is not None
    assert claim.fix.steps == (Manual("enter-network", Where.CLIENT),)
    checks = [load_check("dns.private-address"), load_check("tcp.rejected-by-router")]
    crashed: list[Crash] = []
    found = findings(claims(checks, evidence(*observations, target=inside), crashed.append))
    assert [made.check.id for made in found if made.is_cause] == ["dns.private-address"]
    assert len(found) == 2


def test_silent_but_for_a_note_where_the_private_network_is_reached() -> None:
    inside = Target("wiki.lan", "https", "wiki.lan", 443)
    denied = rejected("10.0.0.4", 3, 13, sender=ROUTER[4])
    for seen in (attempt("10.0.0.4"), attempt("10.0.0.4", REFUSED), denied):
        (claim,) = judge("dns.private-address", answer("10.0.0.4"), seen, target=inside)
        assert claim.severity is Severity.NOTE


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "168.63.129.16"])
def test_fires_for_the_addresses_of_clouds_though_they_are_not_tried(address: str) -> None:
    (claim,) = judge("dns.private-address", answer(address))
    assert claim.severity is None
