"""dns.domain-parked: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.dns import DnsAnswer
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import judge

CHECK = "dns.domain-parked"
OURS = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("203.0.113.10",),
)
DELEGATION = replace(OURS, name="example.com", rdtype="NS", purpose="delegation")


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("EXPIRENS3.HICHINA.COM.", "expired"),
        ("ns1.renewyourname.net.", "expired"),
        ("verify-contact-details.namecheap.com.", "held"),
        ("ns1.verification-hold.suspended-domain.com.", "held"),
    ],
)
def test_fires_by_the_name_servers_of_a_registrar(server: str, reason: str) -> None:
    (claim,) = judge(CHECK, OURS, replace(DELEGATION, records=(server,)))
    assert claim.facts[reason]
    assert (claim.facts["domain"], claim.confidence) == ("example.com", Confidence.CERTAIN)


def test_fires_where_the_zone_there_answers_with_loopback_or_nothing() -> None:
    held = replace(DELEGATION, records=("ns1.verification-hold.suspended-domain.com.",))
    assert judge(CHECK, replace(OURS, records=("127.0.0.1",)), held)
    assert judge(CHECK, replace(OURS, rcode="NXDOMAIN", records=()), held)


def test_fires_on_the_server_that_meets_itself_at_loopback() -> None:
    held = replace(DELEGATION, records=("ns1.verification-hold.suspended-domain.com.",))
    itself = visit(leaf(), code=0, address="127.0.0.1")
    assert judge(CHECK, replace(OURS, records=("127.0.0.1",)), held, itself)


def test_fires_by_the_alias_that_an_expired_domain_gets() -> None:
    (claim,) = judge(CHECK, replace(OURS, aliases=("expired.hichina.com.",)))
    assert claim.facts["expired"]
    assert not claim.facts["delegation"]


def test_fires_and_is_not_sure_at_a_parking_service() -> None:
    (claim,) = judge(CHECK, OURS, replace(DELEGATION, records=("ns1.sedoparking.com.",)))
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "server",
    ["ns1.hichina.com.", "dns1.registrar-servers.com.", "ns1.sedoparking.com.example.net."],
)
def test_silent_at_ordinary_name_servers(server: str) -> None:
    assert not judge(CHECK, OURS, replace(DELEGATION, records=(server,)))


def test_silent_where_the_site_proves_itself_by_its_certificate() -> None:
    site = visit(leaf(), code=0, address="203.0.113.10")
    assert not judge(CHECK, OURS, replace(DELEGATION, records=("ns1.bodis.com.",)), site)
