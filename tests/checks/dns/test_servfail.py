from dataclasses import replace

from diagnose.model import Confidence, Failure, Severity
from diagnose.model.dns import DnsAnswer
from tests.support.check_evidence import REFUSED, TIMEOUT, judge

FAILED = DnsAnswer(name="shop.example.com", rdtype="A", server="198.51.100.1", rcode="SERVFAIL")
WITHOUT = replace(FAILED, purpose="unvalidated", checking_disabled=True)
ROOT = DnsAnswer(name=".", rdtype="NS", server="198.51.100.1", rcode="NOERROR", purpose="control")
SILENT = replace(FAILED, rcode="", failure=TIMEOUT)


def test_fires_when_the_resolver_works_and_fails_for_this_name() -> None:
    (claim,) = judge("dns.servfail", FAILED, WITHOUT, ROOT)
    assert claim.confidence is Confidence.LIKELY
    assert "dns.dnssec-bogus" in claim.ruled_out


def test_fires_when_the_resolver_waits_in_vain_for_the_names_servers() -> None:
    (claim,) = judge("dns.servfail", SILENT, replace(SILENT, purpose="again"), ROOT)
    assert claim.facts["outcome"] == ("timed out",)


def test_fires_surely_when_the_resolver_says_so() -> None:
    said = replace(FAILED, extended=("22 No Reachable Authority",))
    (claim,) = judge("dns.servfail", said, WITHOUT, replace(ROOT, rcode="SERVFAIL"))
    assert claim.confidence is Confidence.CERTAIN


def test_fires_as_a_warning_where_only_one_type_fails() -> None:
    good = replace(FAILED, rcode="NOERROR", records=("203.0.113.10",))
    six = replace(FAILED, rdtype="AAAA")
    (claim,) = judge("dns.servfail", good, six, replace(WITHOUT, rdtype="AAAA"), ROOT)
    assert claim.severity is Severity.WARNING


def test_silent_when_the_resolver_treats_the_root_alike() -> None:
    assert not judge("dns.servfail", FAILED, WITHOUT, replace(ROOT, rcode="SERVFAIL"))
    assert not judge("dns.servfail", SILENT, replace(ROOT, rcode="", failure=TIMEOUT))


def test_silent_when_the_resolver_gives_no_sign_of_life_at_all() -> None:
    unreachable = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
    assert not judge("dns.servfail", SILENT, replace(ROOT, rcode="", failure=unreachable))


def test_silent_when_it_is_not_known_whether_the_resolver_works() -> None:
    assert not judge("dns.servfail", FAILED, WITHOUT)


def test_silent_when_validation_or_another_resolver_makes_the_difference() -> None:
    good = replace(WITHOUT, rcode="NOERROR", records=("203.0.113.10",))
    assert not judge("dns.servfail", FAILED, good, ROOT)
    other = replace(good, purpose="other-resolver", checking_disabled=False)
    assert not judge("dns.servfail", FAILED, WITHOUT, other, ROOT)


def test_silent_when_a_type_gets_no_answer_and_the_other_works() -> None:
    good = replace(FAILED, rcode="NOERROR", records=("203.0.113.10",))
    assert not judge("dns.servfail", good, replace(SILENT, rdtype="AAAA"), ROOT)


def test_silent_when_the_port_is_closed() -> None:
    assert not judge("dns.servfail", replace(SILENT, failure=REFUSED), ROOT)
