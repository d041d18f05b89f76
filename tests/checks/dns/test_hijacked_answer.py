"""dns.hijacked-answer: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Severity, Target
from diagnose.model.dns import DnsAnswer
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import judge

CHECK = "dns.hijacked-answer"
OURS = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("203.0.113.10",),
)
MADE_UP = replace(OURS, name="0a1b2c3d4e5f.com", purpose="made-up")
UNKNOWN = replace(MADE_UP, rcode="NXDOMAIN", records=())


def test_fires_where_a_name_that_cannot_exist_has_the_same_address() -> None:
    (claim,) = judge(CHECK, OURS, UNKNOWN, replace(MADE_UP, name="0a1b2c.invalid"))
    assert claim.facts["server"] == "198.51.100.1"
    assert {subject.address for subject in claim.covers} == {None, "203.0.113.10"}


def test_fires_and_says_what_another_resolver_answers() -> None:
    other = replace(
        OURS, purpose="other-resolver", server="198.51.100.2", rcode="NXDOMAIN", records=()
    )
    (claim,) = judge(CHECK, OURS, MADE_UP, other)
    assert (claim.facts["other"], claim.facts["other_answer"]) == ("198.51.100.2", "NXDOMAIN")
    (claim,) = judge(CHECK, OURS, MADE_UP, replace(other, rcode="NOERROR", records=("192.0.2.9",)))
    assert claim.facts["other_addresses"] == ("192.0.2.9",)


def test_fires_as_a_warning_without_tls() -> None:
    target = Target("http://shop.example.com/", "http", "shop.example.com", 80)
    (claim,) = judge(CHECK, OURS, MADE_UP, target=target)
    assert claim.severity is Severity.WARNING


def test_silent_at_a_wildcard_of_the_domain() -> None:
    assert not judge(CHECK, OURS, replace(OURS, name="0a.example.com", purpose="beside"), UNKNOWN)


def test_silent_where_the_invented_address_is_another() -> None:
    assert not judge(CHECK, OURS, replace(MADE_UP, records=("203.0.113.99",)))


def test_silent_where_the_site_proves_itself_by_its_certificate() -> None:
    site = visit(leaf(), code=0, address="203.0.113.10")
    assert not judge(CHECK, OURS, MADE_UP, site)
