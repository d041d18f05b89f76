import pytest

from diagnose.model import Claim, Manual
from tests.support.check_evidence import REFUSED, judge, texts
from tests.support.tcp_evidence import HERE, ROUTER, attempt, rejected


@pytest.mark.parametrize(
    ("kind", "code", "fact"),
    [(3, 13, "forbidden"), (3, 0, "no_way"), (3, 1, "no_way"), (11, 0, "loop")],
)
def test_fires_and_names_the_router_and_what_it_says(kind: int, code: int, fact: str) -> None:
    (claim,) = judge(
        "tcp.rejected-by-router", rejected("203.0.113.10", kind, code, sender=ROUTER[4])
    )
    assert claim.facts["senders"] == ("198.51.100.1",)
    assert [name for name in ("forbidden", "no_way", "loop") if claim.facts[name]] == [fact]
    assert not claim.facts["own"]


def test_fires_once_for_both_families() -> None:
    (claim,) = judge(
        "tcp.rejected-by-router",
        rejected("203.0.113.10", 3, 13, sender=ROUTER[4]),
        rejected("2001:db8:2::10", 1, 1, sender=ROUTER[6]),
    )
    assert claim.facts["senders"] == ("198.51.100.1", "2001:db8:1::1")


@pytest.mark.parametrize("address", ["203.0.113.10", "2001:db8:2::10"])
def test_fires_with_an_address_that_ip_route_takes(address: str) -> None:
    version = 6 if ":" in address else 4
    (claim,) = judge(
        "tcp.rejected-by-router",
        rejected(address, *((1, 0) if version == 6 else (3, 0)), sender=ROUTER[version]),
    )
    assert any(
        f"`ip route get {address}`" in text for text in texts("tcp.rejected-by-router", claim)
    )


def test_fires_for_a_port_unreachable_that_the_host_did_not_send() -> None:
    assert judge("tcp.rejected-by-router", rejected("203.0.113.10", 3, 3, sender=ROUTER[4]))


def test_fires_in_the_name_of_this_machines_own_firewall() -> None:
    (claim,) = judge("tcp.rejected-by-router", rejected("203.0.113.10", 3, 13, sender=HERE[4]))
    assert claim.facts["own"]


def test_fires_for_a_host_unreachable_that_took_long_where_the_host_is_up() -> None:
    assert judge(
        "tcp.rejected-by-router",
        rejected("203.0.113.10", 3, 1, sender=ROUTER[4], took=3.05),
        attempt(port=22, purpose="control", failure=REFUSED),
    )


def test_silent_when_the_target_itself_rejects_or_is_not_there() -> None:
    assert not judge("tcp.rejected-by-router", rejected("203.0.113.10", 3, 13))
    assert not judge(
        "tcp.rejected-by-router", rejected("203.0.113.10", 3, 1, sender=ROUTER[4], took=3.07)
    )
    assert not judge("tcp.rejected-by-router", attempt())


@pytest.mark.parametrize(("kind", "code"), [(3, 0), (3, 6), (3, 1), (3, 11)])
def test_fires_for_a_missing_route_that_is_no_rule_about_a_port(kind: int, code: int) -> None:
    (claim,) = judge(
        "tcp.rejected-by-router", rejected("203.0.113.10", kind, code, sender=ROUTER[4])
    )
    assert claim.facts["route"]
    assert manual_step(claim) == "route"


@pytest.mark.parametrize(("kind", "code"), [(3, 9), (3, 10), (3, 13)])
def test_fires_for_a_prohibition_with_words_of_its_own(kind: int, code: int) -> None:
    (claim,) = judge(
        "tcp.rejected-by-router", rejected("203.0.113.10", kind, code, sender=ROUTER[4])
    )
    assert claim.facts["forbidden"]
    assert not claim.facts["route"]
    assert manual_step(claim) == "router"


def test_fires_as_a_rule_where_the_router_lets_another_port_through() -> None:
    (claim,) = judge(
        "tcp.rejected-by-router",
        rejected("203.0.113.10", 3, 0, sender=ROUTER[4]),
        attempt(port=22, purpose="control", failure=REFUSED),
    )
    assert claim.facts["forbidden"]
    assert not claim.facts["no_way"]


def manual_step(claim: Claim) -> str:
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    return step.step
