"""dns.addresses-differ: when it fires, and when it is silent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from diagnose.model import Confidence, Observation
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from tests.support.certificates import leaf, visit
from tests.support.check_evidence import NOW, TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS
from tests.support.front_evidence import EDGE, URL, behind, local
from tests.support.tls_evidence import CLOSED

CHECK = "dns.addresses-differ"
EDGE6 = "2001:db8:2::80"
OLD = leaf(sha256="0e", serial="14", dns_names=("old.example.net",))


def names(*addresses: str) -> tuple[Observation, ...]:
    return tuple(
        Resolution(
            name="shop.example.com",
            family=family,
            addresses=tuple(item for item in addresses if (":" in item) == (family == 6)),
        )
        for family in (4, 6)
    )


def page(address: str, status: int | None = 200, **fields: Any) -> Exchange:
    given = {"url": URL, "address": address, "port": 443, "status": status, **fields}
    return Exchange(**given)


GOOD = (visit(address=ADDRESS), page(ADDRESS))


def test_fires_where_the_aaaa_leads_to_another_site() -> None:
    bad = (visit(OLD, address=EDGE6), page(EDGE6, 404, verified=False))
    (claim,) = judge(CHECK, *names(ADDRESS, EDGE6), *GOOD, *bad)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["bad"], claim.facts["good"]) == ((EDGE6,), (ADDRESS,))
    assert claim.facts["only_ipv6"]
    assert claim.facts["other_certificate"]


def test_fires_where_the_certificate_of_one_has_expired() -> None:
    gone = leaf(sha256="0e", serial="14", not_after=NOW - timedelta(days=5))
    bad = visit(gone, code=10, message="certificate has expired", address=EDGE)
    (claim,) = judge(CHECK, *names(ADDRESS, EDGE), *GOOD, bad, page(EDGE, verified=False))
    assert claim.facts["sometimes"]
    assert claim.facts["expired"] == gone.not_after


def test_fires_where_one_fails_each_time() -> None:
    bad = (visit(address=EDGE), page(EDGE, 502))
    again = (page(EDGE, 502, purpose="again"), page(ADDRESS, purpose="again"))
    (claim,) = judge(CHECK, *names(ADDRESS, EDGE), *GOOD, *bad, *again)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["status"] == 502


def test_fires_where_one_cuts_the_handshake() -> None:
    bad = replace(visit(address=EDGE), failure=CLOSED, chain=())
    (claim,) = judge(CHECK, *names(ADDRESS, EDGE), *GOOD, bad)
    assert claim.facts["message"] == "connection closed"


def test_silent_where_the_path_to_one_may_be_broken() -> None:
    bad = replace(visit(address=EDGE), failure=TIMEOUT, chain=())
    assert not judge(CHECK, *names(ADDRESS, EDGE), *GOOD, bad)


def test_fires_on_the_server_that_has_one_of_them() -> None:
    bad = (visit(OLD, address=EDGE6), page(EDGE6, 404, verified=False))
    observations = behind(*names(ADDRESS, EDGE6), *GOOD, *bad, local())
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["elsewhere"]


def test_fires_on_a_server_without_ipv6_whose_aaaa_is_another_machines() -> None:
    bad = (visit(address=EDGE6), page(EDGE6, 404), page(EDGE6, 404, purpose="again"))
    observations = behind(*names(ADDRESS, EDGE6), *GOOD, *bad, own="172.16.0.5")
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["bad"] == (EDGE6,)


def test_silent_where_it_fails_only_at_times() -> None:
    bad = (visit(address=EDGE), page(EDGE, 502))
    again = (page(EDGE, purpose="again"), page(ADDRESS, purpose="again"))
    assert not judge(CHECK, *names(ADDRESS, EDGE), *GOOD, *bad, *again)


def test_silent_where_all_fail_alike() -> None:
    both = (visit(address=ADDRESS), page(ADDRESS, 502), visit(address=EDGE), page(EDGE, 502))
    assert not judge(CHECK, *names(ADDRESS, EDGE), *both)


def test_silent_where_two_machines_have_two_good_certificates() -> None:
    other = visit(leaf(sha256="0e", serial="14", key_type="RSA"), address=EDGE)
    assert not judge(CHECK, *names(ADDRESS, EDGE), *GOOD, other, page(EDGE))


def test_silent_on_the_server_where_both_are_its_own() -> None:
    """nginx's own checks say what is wrong there."""
    bad = (visit(OLD, address=EDGE), page(EDGE, 404, verified=False))
    observations = behind(*names(ADDRESS, EDGE), *GOOD, *bad, local(), own=EDGE)
    assert not judge(CHECK, *observations)


def test_silent_where_one_asks_for_a_password() -> None:
    private = (visit(address=EDGE), page(EDGE, 401))
    assert not judge(CHECK, *names(ADDRESS, EDGE), *GOOD, *private)
