from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.fleet.grouping import Cause, causes_of
from diagnose.model import Claim, Evidence, Finding, Location, Observation, Report, Subject, Target
from diagnose.model.dns import DnsAnswer
from diagnose.model.tcp import Connection
from tests.support.certificates import LEAF, leaf, visit
from tests.support.check_evidence import NOW, REFUSED, TIMEOUT

OTHER = LEAF.sha256[::-1] + "7"


def cause(
    check: str, *because: Observation, host: str = "a.example", location: Location | None = None
) -> Cause:
    """Return the cause of a target that one check has found faulty, by these observations."""
    facts = {"addresses": ("203.0.113.10",), "port": 443, "names": (), "name": host}
    claim = Claim(about=Subject(name=host), because=because, facts=facts, location=location)
    evidence = Evidence(Target(host, "https", host, 443), NOW, because)
    finding = Finding("f1", load_check(check), claim)
    (only,) = causes_of(Report(evidence, (finding,)), "en")
    return only


@pytest.fixture(autouse=True)
def no_titles(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a title needs of facts is no part of these tests."""
    monkeypatch.setattr("diagnose.outputs.finding_text.title", lambda finding, lang: "title")


def refused(address: str) -> Connection:
    return Connection(address=address, port=443, family=4, failure=REFUSED)


def test_names_at_one_address_that_refuses_are_one_group() -> None:
    first = cause("tcp.refused", refused("203.0.113.10"))
    second = cause("tcp.refused", refused("203.0.113.10"), host="b.example")
    other = cause("tcp.refused", refused("203.0.113.20"), host="b.example")
    assert first.group == second.group != other.group
    assert (first.kind, first.place) == ("address", "203.0.113.10 port 443")


def test_the_order_of_addresses_does_not_count() -> None:
    pair = refused("203.0.113.10"), refused("203.0.113.20")
    assert cause("tcp.refused", *pair).group == cause("tcp.refused", *pair[::-1]).group


def test_names_behind_one_certificate_are_one_group_at_whichever_address() -> None:
    first = cause("certificate.expired", visit(LEAF))
    second = cause("certificate.expired", visit(LEAF, address="203.0.113.20"), host="b.example")
    other = cause("certificate.expired", visit(leaf(sha256=OTHER)))
    assert first.group == second.group != other.group
    assert (first.kind, first.place) == ("certificate", LEAF.sha256)


def test_names_that_one_resolver_does_not_answer_are_one_group() -> None:
    def answer(name: str, server: str = "192.0.2.53") -> DnsAnswer:
        return DnsAnswer(name=name, rdtype="A", server=server, failure=TIMEOUT)

    first = cause("dns.resolver-unreachable", answer("a.example"))
    second = cause("dns.resolver-unreachable", answer("b.example"), host="b.example")
    other = cause("dns.resolver-unreachable", answer("a.example", "192.0.2.54"))
    assert first.group == second.group != other.group
    assert (first.kind, first.place) == ("resolver", "192.0.2.53")


def test_names_that_do_not_exist_are_each_their_own() -> None:
    answer = DnsAnswer(name="a.example", rdtype="A", server="192.0.2.53", rcode="NXDOMAIN")
    first = cause("dns.nxdomain", answer)
    second = cause("dns.nxdomain", replace(answer, name="b.example"), host="b.example")
    assert first.group != second.group


def test_sites_of_one_server_block_are_one_group() -> None:
    location = Location("/etc/nginx/conf.d/shop.conf", 14)
    first = cause("tcp.refused", refused("203.0.113.10"), location=location)
    second = cause("tcp.refused", refused("203.0.113.20"), location=location)
    assert first.group == second.group
    assert first.kind == "server-block"


def test_another_check_at_the_same_place_is_another_group() -> None:
    first = cause("tcp.refused", refused("203.0.113.10"))
    second = cause("tcp.timeout", refused("203.0.113.10"))
    assert first.place == second.place
    assert first.group != second.group


def test_without_a_place_a_target_is_its_own_group() -> None:
    assert cause("tcp.refused").place == "https://a.example/"
