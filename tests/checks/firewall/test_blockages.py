import pytest

from checks.firewall._blockages import (
    Fault,
    admitted_connections,
    blockage_groups,
    blocking_places,
    contradicting_connections,
)
from checks.firewall._netfilter import NetfilterView
from diagnose.model import Observation
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import connected, host, listening, nic
from tests.support.packets import ACCEPT, CLIENT, DROP, dport, field, from_outside, nft, served

FAULTS: tuple[Fault, ...] = (
    "ruleset-blocks",
    "ufw-port-closed",
    "source-restricted",
    "egress-blocks",
    "visitor-banned",
)
SHUT = nft([dport(443), DROP])
BAN = nft([field("ip", "saddr", CLIENT), DROP])


def faults(*observations: Observation) -> list[str]:
    view = NetfilterView(evidence(*observations))
    return [fault for fault in FAULTS for _ in blockage_groups(view, fault)]


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (served(SHUT), "ruleset-blocks"),
        (from_outside(BAN), "source-restricted"),
        (served(BAN, Visitor(address=CLIENT)), "visitor-banned"),
        (served(nft([field("tcp", "sport", 443), DROP], hook="output")), "egress-blocks"),
    ],
)
def test_each_blocked_port_has_one_fault(seen: tuple[Observation, ...], fault: str) -> None:
    assert faults(*seen) == [fault]


def test_nothing_is_blocked_where_the_port_is_open() -> None:
    assert faults(*served(nft([dport(443), ACCEPT], [dport(25), DROP]))) == []


def test_the_rules_that_block_are_named_once() -> None:
    view = NetfilterView(evidence(*served(SHUT)))
    ((blockage,),) = blockage_groups(view, "ruleset-blocks")
    assert [place.chain.name for place in blocking_places((blockage, blockage))] == ["input"]


def test_a_connection_that_succeeded_contradicts_the_rules_but_for_one_visitor() -> None:
    good = connected()
    seen = (host("ssh://web"), nic(), listening(443), good, SHUT)
    view = NetfilterView(evidence(*seen))
    assert contradicting_connections(view, view.blockages(443)) == (good,)
    assert admitted_connections(view, view.blockages(443)) == (good,)
    view = NetfilterView(evidence(*seen, Visitor(address=CLIENT)))
    assert admitted_connections(view, view.blockages(443, CLIENT)) == ()
