"""tcp.router-page: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Observation
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import judge
from tests.support.front_evidence import EDGE, behind, edge_handshake, edge_page, local

CHECK = "tcp.router-page"
LOGIN = edge_page(200, body="<html><head><title>FRITZ!Box</title></head></html>", verified=False)
OWN = leaf(dns_names=("fritz.box", "myfritz.box"), subject="CN=fritz.box")
SHAKEN = visit(OWN, address=EDGE, code=18, message="self-signed certificate")


def judged(*seen: Observation) -> list[Claim]:
    return judge(CHECK, *behind(*seen), masked=False)


def test_fires_at_the_page_of_a_router() -> None:
    (claim,) = judged(LOGIN, SHAKEN, local())
    assert (claim.facts["product"], claim.facts["address"]) == ("FRITZ!Box", EDGE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["own_port"] == 443
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_from_outside_by_the_certificate_alone_and_is_not_sure() -> None:
    (claim,) = judge(CHECK, edge_page(401, body="Login", verified=False), SHAKEN, masked=False)
    assert claim.confidence is Confidence.LIKELY


def test_silent_at_another_page_and_where_the_certificate_is_for_the_name() -> None:
    other = visit(leaf(dns_names=("old.example.net",)), address=EDGE, code=62)
    assert not judged(replace(LOGIN, body="<title>Shop</title>"), other, local())
    assert not judged(LOGIN, edge_handshake(), local())


def test_silent_about_a_site_whose_own_certificate_is_refused() -> None:
    article = replace(LOGIN, body="<title>Installing OpenWrt on a TP-LINK</title>")
    expired = visit(leaf(dns_names=("shop.example.com",)), address=EDGE, code=10)
    assert not judged(article, expired, local())
    inner = leaf(dns_names=("shop.example.com",), issuer="CN=pfsense-ca, O=Office")
    assert not judged(edge_page(200, verified=False), visit(inner, address=EDGE, code=19))
