"""Initial headers and fields of a connection's packets."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from diagnose.parsers.netfilter.packet import Stage
from diagnose.parsers.netfilter.packet_fields import ABSENT, SOURCE, UNKNOWN, Value
from diagnose.parsers.netfilter.rules import FLAGS, ICMPV6_TYPES
from diagnose.parsers.netfilter.topology import Topology

#: The packets of the connection, and the packet of a rejecting rule.
PacketKind: TypeAlias = Stage | Literal["refusal"]
Header: TypeAlias = dict[str, Value]
#: An address and a port.
SocketAddress: TypeAlias = tuple[Value, Value]

#: Possible ports of a client: only root's programs use ports below 1024.
CLIENT_PORTS = (1024, 65535)
_FLAGS: Mapping[Stage, int] = {
    "syn": FLAGS["syn"],
    "reply": FLAGS["syn"] | FLAGS["ack"],
    "ack": FLAGS["ack"],
    "request": FLAGS["psh"] | FLAGS["ack"],
    "answer": FLAGS["psh"] | FLAGS["ack"],
}
#: How many routers a visitor's packet may still pass when it arrives: systems begin with 64 or
#: more, and few ways are longer than 30.
_LIFE = (34, 255)
#: The maximum segment sizes that visitors and servers announce: 536 is the default, 8960 is that of
#: large Ethernet frames (RFC 9293 section 3.7.1). The option is in a SYN only.
_SEGMENTS = (536, 8960)
#: Bytes of a TCP header (RFC 9293 section 3.1), and of an IP header without options.
_TCP_LENGTHS, _IP_LENGTHS = (20, 60), {4: 20, 6: 40}
_TCP, _ICMP, _ICMPV6 = 6, 1, 58


def client(topology: Topology) -> SocketAddress:
    return SOURCE, topology.packet.source_port or CLIENT_PORTS


def server(topology: Topology) -> SocketAddress:
    """Return the server's address before it is translated."""
    return topology.destination, topology.packet.port


def make_header(source: SocketAddress, destination: SocketAddress) -> Header:
    return {
        "saddr": source[0], "sport": source[1], "daddr": destination[0], "dport": destination[1],
    }  # fmt: skip


def refusal_header(rejected: Header, sender: Value) -> Header:
    """Return a header from the rejected packet's destination, or from the forwarding machine."""
    return make_header((sender, rejected["dport"]), (rejected["saddr"], rejected["sport"]))


def connection_fields(topology: Topology, stage: Stage) -> dict[str, Value]:
    """Return the fields that stay the same at every hook. Data is of any length."""
    if topology.packet.kind == "solicitation":
        return _solicitation_fields(topology)
    if topology.packet.kind == "too-big":
        return _too_big_fields(topology)
    fields = _common_fields(topology, _TCP) | {"tcp flags": _FLAGS[stage]}
    # Browsers and servers mark no packets of their own.
    fields |= {f"{topology.ip} dscp": 0, f"{topology.ip} ecn": 0}
    fields["ip ttl" if topology.version == 4 else "ip6 hoplimit"] = _LIFE
    has_option = stage in ("syn", "reply")
    fields["tcp option maxseg size"] = _SEGMENTS if has_option else ABSENT
    # Without the option iptables' match takes part as a size that is in no range (xt_tcpmss).
    fields["tcpmss"] = _SEGMENTS if has_option else -1
    if stage in ("syn", "reply", "ack"):
        first, last = _TCP_LENGTHS
        header = _IP_LENGTHS[topology.version]
        fields["meta length"] = (header + first, header + last)
        is_v4 = topology.version == 4
        fields[f"{topology.ip} length"] = fields["meta length"] if is_v4 else _TCP_LENGTHS
    return fields


def _solicitation_fields(topology: Topology) -> dict[str, Value]:
    """Return the fields of a neighbor solicitation (RFC 4861 section 4.3)."""
    return _common_fields(topology, _ICMPV6) | {
        "tcp flags": ABSENT, "th sport": UNKNOWN, "th dport": UNKNOWN,
        "icmpv6 type": ICMPV6_TYPES["nd-neighbor-solicit"], "icmpv6 code": 0, "ip6 hoplimit": 255,
    }  # fmt: skip


def _too_big_fields(topology: Topology) -> dict[str, Value]:
    """Return the fields of a router's report that a packet is too large for the way."""
    v4 = topology.version == 4
    name, kind = ("icmp", 3) if v4 else ("icmpv6", ICMPV6_TYPES["packet-too-big"])
    return _common_fields(topology, _ICMP if v4 else _ICMPV6) | {
        "tcp flags": ABSENT, "th sport": UNKNOWN, "th dport": UNKNOWN,
        f"{name} type": kind, f"{name} code": 4 if v4 else 0,
    }  # fmt: skip


def refusal_fields(topology: Topology, reject_with: str, stage: Stage) -> dict[str, Value]:
    """Return the fields of a reset (RFC 9293, section 3.10.7.1) or of an ICMP error."""
    if reject_with == "tcp reset":
        flags = FLAGS["rst"] | (FLAGS["ack"] if stage == "syn" else 0)
        return _common_fields(topology, _TCP) | {"tcp flags": flags}
    v4 = topology.version == 4
    name = "icmp" if v4 else "icmpv6"
    return _common_fields(topology, _ICMP if v4 else _ICMPV6) | {
        "tcp flags": ABSENT, "th sport": UNKNOWN, "th dport": UNKNOWN,
        f"{name} type": 3 if v4 else ICMPV6_TYPES["destination-unreachable"],
        f"{name} code": UNKNOWN,
    }  # fmt: skip


def _common_fields(topology: Topology, protocol: int) -> dict[str, Value]:
    v4 = topology.version == 4
    fields: dict[str, Value] = {
        f"{topology.ip} version": topology.version,
        "ip protocol" if v4 else "ip6 nexthdr": protocol,
        "meta l4proto": protocol,
        "meta nfproto": 2 if v4 else 10,
        "meta protocol": 0x0800 if v4 else 0x86DD,
        "meta pkttype": 0,
        "meta mark": 0,
    }
    if v4:
        fields["ip frag-off"] = 0x4000  # "don't fragment", which every client sets
    return fields


def write_addresses(topology: Topology, fields: dict[str, Value], header: Header) -> None:
    """Copy the current addresses and ports into the fields."""
    fields[f"{topology.ip} saddr"], fields[f"{topology.ip} daddr"] = (
        header["saddr"],
        header["daddr"],
    )
    tcp = fields["tcp flags"] is not ABSENT
    for side in ("sport", "dport"):
        fields[f"tcp {side}"] = header[side] if tcp else ABSENT
        fields[f"th {side}"] = header[side] if tcp else UNKNOWN
