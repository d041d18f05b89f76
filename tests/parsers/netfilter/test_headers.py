"""The headers of a connection's packets (RFC 9293, section 3.10.7.1 on resets)."""

import pytest

from diagnose.parsers.netfilter.headers import (
    client,
    connection_fields,
    make_header,
    refusal_fields,
    refusal_header,
    server,
    write_addresses,
)
from diagnose.parsers.netfilter.packet import Packet, Stage
from diagnose.parsers.netfilter.packet_fields import ABSENT, SOURCE, UNKNOWN, Value
from diagnose.parsers.netfilter.rules import FLAGS, Rules
from diagnose.parsers.netfilter.topology import Topology

FOUR = Topology(Rules(), Packet(None, "203.0.113.10", 443, "eth0"))
SIX = Topology(Rules(), Packet(None, "2001:db8::1", 443, "eth0", source_port=50000))


def test_the_two_ends_of_a_connection() -> None:
    assert client(FOUR) == (SOURCE, (1024, 65535)), "any port that is not for root alone"
    assert client(SIX) == (SOURCE, 50000)
    assert server(FOUR) == (0xCB00710A, 443)


@pytest.mark.parametrize(("stage", "flags"), [("syn", 2), ("reply", 18), ("ack", 16)])
def test_the_flags_of_the_handshake(stage: Stage, flags: int) -> None:
    assert connection_fields(FOUR, stage)["tcp flags"] == flags


def test_each_family_has_fields_of_its_own() -> None:
    four, six = connection_fields(FOUR, "syn"), connection_fields(SIX, "syn")
    assert (four["ip protocol"], four["meta nfproto"], four["meta protocol"]) == (6, 2, 0x0800)
    assert (six["ip6 nexthdr"], six["meta nfproto"], six["meta protocol"]) == (6, 10, 0x86DD)
    assert "ip6 nexthdr" not in four
    assert "ip frag-off" not in six


@pytest.mark.parametrize(
    ("stage", "flags"), [("syn", FLAGS["rst"] | FLAGS["ack"]), ("ack", FLAGS["rst"])]
)
def test_a_reset_acknowledges_only_what_carried_no_acknowledgement(
    stage: Stage, flags: int
) -> None:
    assert refusal_fields(FOUR, "tcp reset", stage)["tcp flags"] == flags


def test_an_icmp_error_has_no_ports_of_tcp() -> None:
    four, six = (refusal_fields(around, "icmp 3/13", "syn") for around in (FOUR, SIX))
    assert (four["meta l4proto"], six["meta l4proto"]) == (1, 58)
    assert (four["icmp type"], six["icmpv6 type"]) == (3, 1), "destination unreachable"
    assert four["tcp flags"] is ABSENT


def test_a_refusal_goes_back_to_where_the_packet_came_from() -> None:
    rejected = make_header((SOURCE, 50000), (10, 443))
    assert refusal_header(rejected, 11) == make_header((11, 443), (SOURCE, 50000))


def test_the_addresses_are_copied_and_the_ports_only_of_tcp() -> None:
    fields: dict[str, Value] = {"tcp flags": 2}
    header = make_header((SOURCE, 50000), (10, 443))
    write_addresses(FOUR, fields, header)
    assert fields == {
        "tcp flags": 2, "ip saddr": SOURCE, "ip daddr": 10, "tcp sport": 50000, "tcp dport": 443,
        "th sport": 50000, "th dport": 443,
    }  # fmt: skip
    fields = {"tcp flags": ABSENT}
    write_addresses(SIX, fields, header)
    assert (fields["ip6 daddr"], fields["tcp dport"], fields["th dport"]) == (10, ABSENT, UNKNOWN)


def test_a_visitors_packet_arrives_with_some_life_left_and_no_mark() -> None:
    four, six = connection_fields(FOUR, "syn"), connection_fields(SIX, "syn")
    assert (four["ip ttl"], four["ip dscp"]) == ((34, 255), 0)
    assert six["ip6 hoplimit"] == (34, 255)


def test_a_syn_announces_a_segment_size() -> None:
    syn, ack = connection_fields(FOUR, "syn"), connection_fields(FOUR, "ack")
    assert syn["tcp option maxseg size"] == syn["tcpmss"] == (536, 8960)
    assert (ack["tcp option maxseg size"], ack["tcpmss"]) == (ABSENT, -1)


def test_only_the_handshake_has_a_known_length() -> None:
    assert connection_fields(FOUR, "syn")["meta length"] == (40, 80)
    assert connection_fields(SIX, "ack")["ip6 length"] == (20, 60)
    assert "meta length" not in connection_fields(FOUR, "answer")


def test_a_solicitation_is_of_one_type_and_has_not_been_forwarded() -> None:
    asked = Topology(Rules(), Packet("fe80::1", "2001:db8::1", 443, "eth0", kind="solicitation"))
    fields = connection_fields(asked, "syn")
    assert (fields["icmpv6 type"], fields["ip6 hoplimit"]) == (135, 255)


def test_a_report_of_the_size_is_one_icmp_error() -> None:
    four = Topology(Rules(), Packet(None, "203.0.113.10", 443, "eth0", kind="too-big"))
    six = Topology(Rules(), Packet(None, "2001:db8::1", 443, "eth0", kind="too-big"))
    first, second = connection_fields(four, "syn"), connection_fields(six, "syn")
    assert (first["icmp type"], first["icmp code"], first["meta l4proto"]) == (3, 4, 1)
    assert (second["icmpv6 type"], second["icmpv6 code"], second["meta l4proto"]) == (2, 0, 58)
