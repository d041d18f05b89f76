"""What surrounds a packet: registered chains, local addresses and routes."""

import pytest

from diagnose.parsers.netfilter import Host, Rules
from diagnose.parsers.netfilter.address_sets import intersection
from diagnose.parsers.netfilter.packet import Packet
from diagnose.parsers.netfilter.rules import address_span
from diagnose.parsers.netfilter.topology import Topology
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    SITE,
    SITE6,
    ask,
    chain,
    dport,
    rule,
    rules,
    state,
    table,
)

RESET = {"reject": {"type": "tcp reset"}}
HOST = Host(
    addresses=(
        ("eth0", "203.0.113.10/24"), ("eth0", "203.0.113.11/24"), ("eth0", "fe80::1/64"),
        ("eth0", "2001:db8:2::10/64"), ("docker0", "172.17.0.1/16"),
    ),
    routes=(("0.0.0.0/0", "eth0"), ("172.17.0.0/16", "docker0"), ("::/0", "eth0")),
)  # fmt: skip


def topology_of(read: Rules | None = None, to: str = SITE, host: Host = HOST) -> Topology:
    return Topology(read or Rules(), Packet(None, to, 443, "eth0", host=host))


def number(address: str) -> int:
    return address_span(address)[0]


def test_of_two_chains_of_one_priority_the_newer_is_asked_first() -> None:
    older = table(chain(), rule(RESET), name="older")
    newer = table(chain(), rule(DROP), name="newer")
    assert ask(rules(older, newer)).table == "newer"


def test_a_chain_of_type_nat_alone_is_never_asked() -> None:
    alone = table(chain("prerouting", type="nat", prio=-100), rule(DROP, chain="prerouting"))
    assert ask(rules(alone)).verdict == "accept"
    tracked = table(chain(), rule(state("new"), ACCEPT), name="other")
    assert ask(rules(alone, tracked)).verdict == "drop"


def test_chains_of_a_hook_are_ordered_and_nat_comes_at_its_own_place() -> None:
    read = rules(
        table(
            chain("late", hook="prerouting", prio=0),
            chain("to", hook="prerouting", prio=500, type="nat"),
            chain("raw", hook="prerouting", prio=-300),
            chain("other", hook="input"),
        )
    )
    entries = topology_of(read).hook_entries("prerouting")
    assert [(entry.priority, entry.chain.name if entry.chain else "") for entry in entries] == [
        (-300, "raw"), (-100, ""), (-100, "to"), (0, "late"),
    ]  # fmt: skip


def test_a_chain_of_a_device_is_asked_at_that_device_only() -> None:
    read = rules(table(chain("ingress", dev="eth0"), family="netdev"))
    assert len(topology_of(read).hook_entries("ingress", "eth0")) == 1
    assert topology_of(read).hook_entries("ingress", "eth1") == ()


def test_conntrack_is_active_where_a_rule_of_the_family_needs_it() -> None:
    six = rules(table(chain(), rule(state("new"), ACCEPT), family="ip6"))
    assert not topology_of(six).tracks
    assert topology_of(six, SITE6).tracks
    assert not topology_of(rules(table(chain(), rule(dport(443), ACCEPT)))).tracks


@pytest.mark.parametrize(
    ("span", "local"),
    [
        ("127.9.9.9", True),
        ("172.17.0.1", True),
        ("172.17.0.2", False),
        ("203.0.113.10-203.0.113.11", True),
        ("203.0.113.10-203.0.113.12", None),
    ],
)
def test_which_addresses_are_the_machines_own(span: str, local: bool | None) -> None:
    assert topology_of().is_local(*address_span(span)) is local


def test_without_a_host_the_destination_is_local() -> None:
    assert topology_of(host=Host()).is_local(*address_span(SITE)) is True
    assert topology_of(to=SITE6, host=Host()).is_local(*address_span("::1")) is True


def test_the_most_specific_route_leads_the_way() -> None:
    assert topology_of().device(number("172.17.0.2")) == "docker0"
    assert topology_of().device(number("198.51.100.7")) == "eth0"
    assert topology_of(host=Host()).device(number("198.51.100.7")) is None


def test_what_is_reached_by_an_interface_is_what_its_best_routes_say() -> None:
    reached = topology_of().reachable_by("eth0")
    assert reached is not None
    assert intersection(reached, (address_span("172.17.0.0/16"),)) == ()
    assert intersection(reached, (address_span("198.51.100.0/24"),)) != ()
    assert topology_of().reachable_by("docker0") == (address_span("172.17.0.0/16"),)
    assert topology_of(host=Host()).reachable_by("eth0") is None


def test_a_redirect_leads_to_the_first_address_of_the_interface() -> None:
    assert topology_of().redirect_address("prerouting", "eth0") == number("203.0.113.10")
    assert topology_of().redirect_address("prerouting", "docker0") == number("172.17.0.1")
    assert topology_of().redirect_address("prerouting", "eth9") == number(SITE)
    assert topology_of().redirect_address("output", "") == number("127.0.0.1")
    assert topology_of(to="fe80::9").redirect_address("prerouting", "eth0") == number("fe80::1")


def test_an_address_is_written_or_else_a_question_mark() -> None:
    assert topology_of().text((1, 2)) == "0.0.0.1-0.0.0.2"
    assert topology_of(to=SITE6).text(1) == "::1"
    assert (topology_of().text(1 << 32), topology_of().text("eth0")) == ("?", "?")
