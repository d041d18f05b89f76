"""certificate.in-front: when it fires, and when it is silent."""

from datetime import timedelta

from diagnose.model import Confidence
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import NOW, judge
from tests.support.front_evidence import (
    CLOUDFLARE,
    EDGE,
    behind,
    edge_page,
    local,
)

CHECK = "certificate.in-front"
OLD = leaf(sha256="0e", serial="14", not_after=NOW - timedelta(days=5))
EXPIRED = visit(OLD, code=10, message="certificate has expired", address=EDGE)
PAGE = edge_page(verified=False)


def test_fires_where_the_edge_has_an_expired_certificate_and_this_server_a_good_one() -> None:
    (claim,) = judge(CHECK, *behind(EXPIRED, PAGE, local(same_as=(EDGE,))))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["expired"] == OLD.not_after
    assert [subject.address for subject in claim.covers] == [EDGE]


def test_fires_where_the_edge_says_that_it_is_a_proxy() -> None:
    passed = edge_page(verified=False, headers=(("Via", "1.1 varnish"),))
    assert judge(CHECK, *behind(EXPIRED, passed, local()))


def test_silent_where_another_page_is_shown_there() -> None:
    """The name may simply lead to another server."""
    assert not judge(CHECK, *behind(EXPIRED, PAGE, local()))


def test_silent_where_the_servers_own_certificate_is_refused_too() -> None:
    own = local(same_as=(EDGE,), trusted=False)
    assert not judge(CHECK, *behind(EXPIRED, PAGE, own))


def test_silent_where_it_is_the_same_certificate() -> None:
    assert not judge(CHECK, *behind(EXPIRED, PAGE, local(same_as=(EDGE,), chain=(OLD,))))


def test_silent_where_a_router_may_answer_those_inside() -> None:
    """A private address only, and what answers is neither the site's page nor trusted."""
    assert not judge(CHECK, *behind(EXPIRED, PAGE, local(), own="192.168.1.5"))


def test_silent_where_the_address_is_this_servers() -> None:
    assert not judge(CHECK, *behind(EXPIRED, PAGE, local(same_as=(EDGE,)), own=EDGE))


def test_fires_from_outside_where_a_cdn_answers_over_this_connection() -> None:
    (claim,) = judge(CHECK, EXPIRED, edge_page(verified=False, headers=CLOUDFLARE))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["product"] == "Cloudflare"
    assert not claim.facts["own_address"]


def test_silent_from_outside_without_the_fields_of_a_cdn() -> None:
    assert not judge(CHECK, EXPIRED, PAGE)
    assert not judge(CHECK, EXPIRED)
    plain = edge_page(url="http://shop.example.com/", port=80, purpose="plain", headers=CLOUDFLARE)
    assert not judge(CHECK, EXPIRED, plain, PAGE)
