"""What conntrack knows of a packet, and from when on."""

import pytest

from diagnose.parsers.netfilter.conntrack import track, translate
from diagnose.parsers.netfilter.packet import Packet
from diagnose.parsers.netfilter.packet_fields import SOURCE
from diagnose.parsers.netfilter.rules import STATES, STATUS, Rules
from diagnose.parsers.netfilter.topology import Topology
from diagnose.parsers.netfilter.traversal import PacketState
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    ask,
    chain,
    rule,
    rules,
    state,
    table,
)

BACKEND = (0x0A000001, 8443)


def at(hook: str, destination: str = "203.0.113.10") -> PacketState:
    packet = PacketState(Topology(Rules(), Packet(None, destination, 443, "eth0")), ((0, 99),))
    packet.hook = hook
    return packet


def test_untracked_packets_are_not_established() -> None:
    raw = chain("prerouting", prio=-300)
    untracked = rule({"notrack": None}, chain="prerouting")
    let = rule(state("new", "established"), ACCEPT)
    assert ask(rules(table(raw, untracked, chain(policy="drop"), let))).verdict == "drop"
    before = rule(state("invalid"), DROP, chain="prerouting")
    assert ask(rules(table(raw, before))).hook == "prerouting"


@pytest.mark.parametrize(
    ("hook", "priority", "tracking"),
    [
        ("prerouting", -300, ""),
        ("prerouting", -201, ""),
        ("prerouting", -200, "tracked"),
        ("output", 0, "tracked"),
        ("input", 0, ""),
        ("ingress", 0, ""),
    ],
)
def test_a_packet_is_seen_before_routing_at_priority_minus_200(
    hook: str, priority: int, tracking: str
) -> None:
    packet = at(hook)
    track(packet, priority)
    assert packet.tracking == tracking


def test_a_packet_is_seen_once() -> None:
    packet = at("prerouting")
    track(packet, -200)
    packet.untrack = True
    track(packet, 0)
    assert packet.tracking == "tracked"


def test_each_packet_of_the_handshake_has_its_state() -> None:
    packet, states = at("prerouting"), []
    for stage in ("syn", "reply", "ack"):
        packet.send(stage)
        track(packet, 0)
        states.append((packet.fields["ct state"], packet.fields["ct direction"]))
        packet.connection.confirmed = True
    assert states == [(STATES["new"], 0), (STATES["established"], 1), (STATES["established"], 0)]
    assert packet.fields["ct status"] == sum(
        STATUS[name] for name in ("confirmed", "seen-reply", "assured")
    )


def test_a_reply_of_no_connection_is_invalid_and_an_ack_is_new() -> None:
    packet = at("prerouting")
    packet.send("reply")
    track(packet, 0)
    assert (packet.tracking, packet.fields["ct state"]) == ("invalid", STATES["invalid"])
    assert "ct mark" not in packet.fields
    packet.send("ack")
    track(packet, 0)
    assert packet.fields["ct state"] == STATES["new"]


def test_the_original_addresses_are_those_before_the_translation() -> None:
    packet = at("prerouting", "2001:db8::1")
    packet.connection.dnat_to = BACKEND
    track(packet, 0)
    assert packet.fields["ct original ip6 saddr"] is SOURCE
    assert packet.fields["ct original daddr"] == 0x20010DB8 << 96 | 1
    assert packet.fields["ct original proto-dst"] == 443
    assert packet.fields["ct l3proto"] == 10
    assert packet.fields["ct status"] == STATUS["dnat"]


def test_the_reply_of_a_translated_connection_gets_the_address_asked_for() -> None:
    packet = at("prerouting")
    packet.connection.confirmed, packet.connection.dnat_to = True, BACKEND
    packet.send("ack")
    track(packet, 0)
    translate(packet)
    assert (packet.header["daddr"], packet.fields["tcp dport"]) == BACKEND
    packet.send("reply")
    packet.tracking, packet.hook = "tracked", "postrouting"
    translate(packet)
    assert (packet.fields["ip saddr"], packet.fields["tcp sport"]) == (0xCB00710A, 443)


def test_what_is_not_tracked_is_not_translated() -> None:
    packet = at("prerouting")
    packet.connection.dnat_to = BACKEND
    packet.send("ack")
    packet.tracking = "untracked"
    translate(packet)
    assert packet.header["dport"] == 443
