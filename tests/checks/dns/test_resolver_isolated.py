from dataclasses import replace

from diagnose.model import Severity
from diagnose.model.dns import DnsAnswer, Resolution
from diagnose.model.renewal import RenewalFailure
from tests.support.check_evidence import judge

DENIED = DnsAnswer(
    name="shop.example.net", rdtype="A", server="198.51.100.1", rcode="NXDOMAIN", zone="."
)
COM = replace(DENIED, name="com", rdtype="SOA", purpose="control")


def test_fires_where_not_even_com_exists() -> None:
    (claim,) = judge("dns.resolver-isolated", DENIED, COM)
    assert claim.facts["server"] == "198.51.100.1"
    assert claim.severity is Severity.NOTE
    assert not judge("dns.nxdomain", DENIED, COM)


def test_fires_where_com_is_a_domain_above_the_name() -> None:
    denied = replace(DENIED, name="shop.example.com")
    assert judge("dns.resolver-isolated", denied, replace(COM, purpose="parent"))


def test_silent_where_com_exists() -> None:
    assert not judge("dns.resolver-isolated", DENIED, replace(COM, rcode="NOERROR"))
    assert not judge("dns.resolver-isolated", DENIED)


def test_silent_about_a_private_name() -> None:
    private = replace(DENIED, name="nas.lan")
    assert not judge("dns.resolver-isolated", private, COM)
    assert judge("dns.nxdomain", private, COM)


def test_silent_where_the_name_has_an_address() -> None:
    answer = replace(DENIED, rcode="NOERROR", records=("203.0.113.10",))
    assert not judge("dns.resolver-isolated", answer, COM)
    known = Resolution(name=DENIED.name, family=4, addresses=("203.0.113.10",))
    assert not judge("dns.resolver-isolated", DENIED, COM, known)


def test_fires_as_a_fault_where_a_renewal_needs_the_names() -> None:
    failure = RenewalFailure(tool="certbot", source="/var/log/letsencrypt/letsencrypt.log")
    (claim,) = judge("dns.resolver-isolated", DENIED, COM, failure)
    assert claim.severity is None
