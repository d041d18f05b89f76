"""Apply a rule that translates a packet's destination or source."""

from typing import Any, Literal

from diagnose.parsers.netfilter import headers
from diagnose.parsers.netfilter.conntrack import update_status
from diagnose.parsers.netfilter.hooks import forward
from diagnose.parsers.netfilter.matching import map_lookup, span_value
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.rules import DataMap, Nat, Rule
from diagnose.parsers.netfilter.traversal import Outcome, PacketState


def translate(state: PacketState, step: Nat, rule: Rule) -> Outcome | Literal[False] | None:
    """Translate the packet and end the chain: the first matching rule decides."""
    if step.family and step.family != state.topology.ip:
        return False
    new_address = _new_address(state, step)
    if new_address is False:
        return False
    if new_address is None:
        return state.finish("unknown", rule, unknown=(rule.text,))
    state.translating = False
    header, connection = state.header, state.connection
    if step.kind in ("dnat", "redirect"):
        connection.dnat_to = new_address
        header["daddr"], header["dport"] = new_address
        connection.dnat_decision = state.make_decision("accept", rule)
        if state.hook == "output":
            _reroute(state, new_address[0])
    else:
        connection.snat_to = new_address
        header["saddr"], header["sport"] = new_address
    headers.write_addresses(state.topology, state.fields, header)
    update_status(state)
    state.chain = None
    return None


def _reroute(state: PacketState, destination: Value) -> None:
    """Forward a packet of the machine itself whose new destination is not local."""
    if isinstance(destination, int) and state.topology.is_local(destination, destination) is False:
        forward(state)
        state.hooks = ("postrouting", "egress")


def _new_address(state: PacketState, step: Nat) -> tuple[Value, Value] | Literal[False] | None:
    """Return address and port after translation; False if a map has no entry, None if unknown."""
    header, topology = state.header, state.topology
    source = step.kind in ("snat", "masquerade")
    address = header["saddr" if source else "daddr"]
    port = header["sport" if source else "dport"]
    for change, is_port in ((step.address, False), (step.port, True)):
        data: Any = (span_value(change),) if isinstance(change, tuple) else None
        if isinstance(change, DataMap):
            data = map_lookup(state, change)
            if not data:
                return False if data is False else None
        if data and is_port:
            port = data[0]
        elif data:
            address, port = data[0], data[1] if len(data) > 1 else port
    if step.kind == "redirect":
        address = topology.redirect_address(state.hook, state.fields["meta iif"])
    if step.kind == "masquerade":
        address = UNKNOWN
    return address, port
