from dataclasses import replace

from diagnose.model import Confidence
from tests.checks.certificate.made import HEALTHY, LEAF, MIDDLE, OTHER, ROOT, causes, leaf, visit
from tests.saying import judge

PUBLIC = leaf(issuer_urls=("http://ca.example/middle.der",))


def test_fires_when_only_the_leaf_is_sent() -> None:
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["url"] == "http://ca.example/middle.der"
    assert causes(visit(PUBLIC, code=20)) == ["certificate.chain-incomplete"]


def test_fires_with_less_confidence_where_it_may_be_a_private_root() -> None:
    (claim,) = judge("certificate.chain-incomplete", visit(LEAF, code=21))
    assert claim.confidence is Confidence.LIKELY


def test_fires_when_the_leaf_is_sent_twice() -> None:
    assert causes(visit(LEAF, LEAF, code=20)) == ["certificate.chain-incomplete"]


def test_fires_for_the_one_address_of_two_that_lacks_it() -> None:
    (claim,) = judge(
        "certificate.chain-incomplete", visit(), visit(LEAF, code=20, address="203.0.113.11")
    )
    assert str(claim.about) == "203.0.113.11:443"


def test_silent_when_the_chain_is_whole_in_whatever_order_or_another_is_at_fault() -> None:
    assert not judge("certificate.chain-incomplete", HEALTHY)
    assert not judge("certificate.chain-incomplete", visit(LEAF, ROOT, MIDDLE))
    assert not judge("certificate.chain-incomplete", visit(LEAF, MIDDLE, code=20))
    assert not judge("certificate.chain-incomplete", visit(LEAF, OTHER, code=20))
    assert not judge("certificate.chain-incomplete", visit(replace(LEAF), code=66))
