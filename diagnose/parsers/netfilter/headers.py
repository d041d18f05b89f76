"""What the packets of a connection look like when they set out."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from diagnose.parsers.netfilter.packet import Stage
from diagnose.parsers.netfilter.packet_fields import ABSENT, SOURCE, UNKNOWN, Value
from diagnose.parsers.netfilter.rules import FLAGS
from diagnose.parsers.netfilter.topology import Plan

#: The handshake's three, and what a rejecting rule sends.
Kind: TypeAlias = Stage | Literal["refusal"]
Header: TypeAlias = dict[str, Value]
#: An address and a port.
End: TypeAlias = tuple[Value, Value]

#: Ports that a client may have: below 1024 only root's programs are.
CLIENT_PORTS = (1024, 65535)
_FLAGS: Mapping[Stage, int] = {
    "syn": FLAGS["syn"],
    "reply": FLAGS["syn"] | FLAGS["ack"],
    "ack": FLAGS["ack"],
}
_TCP, _ICMP, _ICMPV6 = 6, 1, 58


def client(plan: Plan) -> End:
    return SOURCE, plan.packet.source_port or CLIENT_PORTS


def server(plan: Plan) -> End:
    """Before its address is translated."""
    return plan.destination, plan.packet.port


def header(source: End, destination: End) -> Header:
    return {
        "saddr": source[0], "sport": source[1], "daddr": destination[0], "dport": destination[1],
    }  # fmt: skip


def refusal(of: Header, sender: Value) -> Header:
    """From where it was sent to, or from the machine that forwards."""
    return header((sender, of["dport"]), (of["saddr"], of["sport"]))


def fields(plan: Plan, stage: Stage) -> dict[str, Value]:
    """The fields that do not change from hook to hook."""
    return _common(plan, _TCP) | {"tcp flags": _FLAGS[stage]}


def refusing(plan: Plan, how: str, stage: Stage) -> dict[str, Value]:
    """Of a reset (RFC 9293, section 3.10.7.1), or of an ICMP error."""
    if how == "tcp reset":
        flags = FLAGS["rst"] | (FLAGS["ack"] if stage == "syn" else 0)
        return _common(plan, _TCP) | {"tcp flags": flags}
    v4 = plan.version == 4
    name = "icmp" if v4 else "icmpv6"
    return _common(plan, _ICMP if v4 else _ICMPV6) | {
        "tcp flags": ABSENT, "th sport": UNKNOWN, "th dport": UNKNOWN,
        f"{name} type": "destination-unreachable",
        f"{name} code": UNKNOWN,
    }  # fmt: skip


def _common(plan: Plan, protocol: int) -> dict[str, Value]:
    v4 = plan.version == 4
    made: dict[str, Value] = {
        f"{plan.ip} version": plan.version,
        "ip protocol" if v4 else "ip6 nexthdr": protocol,
        "meta l4proto": protocol,
        "meta nfproto": 2 if v4 else 10,
        "meta protocol": 0x0800 if v4 else 0x86DD,
        "meta pkttype": 0,
        "meta mark": 0,
    }
    if v4:
        made["ip frag-off"] = 0x4000  # do not fragment: what every client sends
    return made


def address(plan: Plan, found: dict[str, Value], now: Header) -> None:
    """The addresses and ports, as they are now, into the fields."""
    found[f"{plan.ip} saddr"], found[f"{plan.ip} daddr"] = now["saddr"], now["daddr"]
    tcp = found["tcp flags"] is not ABSENT
    for side in ("sport", "dport"):
        found[f"tcp {side}"] = now[side] if tcp else ABSENT
        found[f"th {side}"] = now[side] if tcp else UNKNOWN
