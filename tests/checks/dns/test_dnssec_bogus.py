from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.dns import DnsAnswer
from tests.support.check_evidence import TIMEOUT, judge

FAILED = DnsAnswer(name="shop.example.com", rdtype="A", server="198.51.100.1", rcode="SERVFAIL")
AGAIN = replace(FAILED, purpose="again")
WITHOUT = replace(
    FAILED,
    rcode="NOERROR",
    records=("203.0.113.10",),
    purpose="unvalidated",
    checking_disabled=True,
)


def test_fires_when_only_validation_fails() -> None:
    (claim,) = judge("dns.dnssec-bogus", FAILED, AGAIN, WITHOUT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["addresses"] == ("203.0.113.10",)


def test_fires_surely_when_the_resolver_says_so() -> None:
    said = replace(FAILED, extended=("7 Signature Expired",))
    (claim,) = judge("dns.dnssec-bogus", said, replace(said, purpose="again"), WITHOUT)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_once_for_both_families_and_as_a_warning_where_one_works() -> None:
    six = [replace(one, rdtype="AAAA") for one in (FAILED, AGAIN, WITHOUT)]
    assert len(judge("dns.dnssec-bogus", FAILED, AGAIN, WITHOUT, *six)) == 1
    four = replace(WITHOUT, purpose="target", checking_disabled=False)
    (claim,) = judge("dns.dnssec-bogus", four, *six)
    assert claim.severity is Severity.WARNING


def test_silent_when_it_fails_without_validation_too() -> None:
    assert not judge("dns.dnssec-bogus", FAILED, AGAIN, replace(WITHOUT, rcode="SERVFAIL"))
    silent = replace(WITHOUT, rcode="", failure=TIMEOUT)
    assert not judge("dns.dnssec-bogus", FAILED, AGAIN, silent)


def test_silent_when_it_failed_only_once() -> None:
    good = replace(AGAIN, rcode="NOERROR", records=("203.0.113.10",))
    assert not judge("dns.dnssec-bogus", FAILED, good, WITHOUT)
