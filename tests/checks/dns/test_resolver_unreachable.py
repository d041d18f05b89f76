from dataclasses import replace

from diagnose.model import Command, Confidence, Failure, Severity
from diagnose.model.dns import DnsAnswer, Resolution, ResolverConfig
from tests.saying import REFUSED, TIMEOUT, judge

SILENT = DnsAnswer(name="shop.example.com", rdtype="A", server="198.51.100.1", failure=TIMEOUT)
ROOT = DnsAnswer(name=".", rdtype="NS", server="198.51.100.1", failure=TIMEOUT, purpose="control")
CONFIG = ResolverConfig(file="/etc/resolv.conf", servers=("198.51.100.1",))
FOUND = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10",))


def test_fires_when_nothing_is_answered_not_even_about_the_root() -> None:
    six = replace(SILENT, rdtype="AAAA")
    (claim,) = judge("dns.resolver-unreachable", CONFIG, SILENT, six, ROOT)
    assert claim.facts["servers"] == ("198.51.100.1",)
    assert claim.severity is None
    assert claim.confidence is Confidence.CERTAIN


def test_fires_when_it_goes_silent_in_one_way_and_another() -> None:
    unreachable = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")
    assert judge("dns.resolver-unreachable", CONFIG, SILENT, replace(ROOT, failure=unreachable))


def test_fires_when_the_port_is_closed() -> None:
    (claim,) = judge("dns.resolver-unreachable", CONFIG, replace(SILENT, failure=REFUSED))
    assert claim.facts["outcome"] == ("Connection refused",)


def test_fires_when_the_resolver_does_not_serve_us() -> None:
    refused = replace(SILENT, failure=None, rcode="REFUSED")
    (claim,) = judge("dns.resolver-unreachable", CONFIG, refused)
    assert claim.confidence is Confidence.LIKELY


def test_fires_when_servfail_is_all_it_says() -> None:
    failed = replace(SILENT, failure=None, rcode="SERVFAIL")
    root = replace(ROOT, failure=None, rcode="SERVFAIL")
    assert judge("dns.resolver-unreachable", CONFIG, failed, root)


def test_fires_and_restarts_the_systems_own_resolver() -> None:
    stub = replace(SILENT, server="127.0.0.53", failure=REFUSED)
    (claim,) = judge("dns.resolver-unreachable", CONFIG, stub)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv == ("systemctl", "restart", "systemd-resolved")


def test_fires_as_a_note_where_the_name_was_found_all_the_same() -> None:
    other = replace(
        SILENT,
        server="198.51.100.2",
        failure=None,
        rcode="NOERROR",
        records=("203.0.113.10",),
        purpose="other-resolver",
    )
    (claim,) = judge("dns.resolver-unreachable", CONFIG, SILENT, other, FOUND)
    assert claim.severity is Severity.NOTE
    assert claim.facts["works"] == ("198.51.100.2",)


def test_silent_when_the_resolver_answers() -> None:
    good = replace(SILENT, failure=None, rcode="NOERROR", records=("203.0.113.10",))
    assert not judge("dns.resolver-unreachable", CONFIG, good)
    assert not judge("dns.resolver-unreachable", CONFIG, good, replace(SILENT, rdtype="AAAA"))
    assert not judge("dns.resolver-unreachable", CONFIG, replace(good, rcode="NXDOMAIN"))


def test_silent_when_only_this_name_is_not_answered() -> None:
    root = replace(ROOT, failure=None, rcode="NOERROR")
    assert not judge("dns.resolver-unreachable", CONFIG, SILENT, root)
    assert not judge(
        "dns.resolver-unreachable", CONFIG, replace(SILENT, failure=None, rcode="SERVFAIL"), root
    )


def test_silent_when_the_answer_comes_without_validation() -> None:
    failed = replace(SILENT, failure=None, rcode="SERVFAIL")
    unvalidated = replace(failed, rcode="NOERROR", purpose="unvalidated")
    root = replace(ROOT, failure=None, rcode="SERVFAIL")
    assert not judge("dns.resolver-unreachable", CONFIG, failed, unvalidated, root)


def test_silent_about_silence_that_nobody_looked_into() -> None:
    assert not judge("dns.resolver-unreachable", CONFIG, SILENT, FOUND)
