"""conntrack and the translation of addresses (nf_conntrack_core.c, nf_nat_core.c).

conntrack sees a packet at priority -200, before routing. Chains before it see no connection state.
A packet exempted from tracking is `untracked`; a packet that belongs to no connection and cannot
start one is `invalid`.
"""

from diagnose.parsers.netfilter.headers import CLIENT_PORTS, client, server, write_addresses
from diagnose.parsers.netfilter.packet_fields import SOURCE
from diagnose.parsers.netfilter.rules import STATES, STATUS
from diagnose.parsers.netfilter.topology import BEFORE_ROUTING, CONNTRACK
from diagnose.parsers.netfilter.traversal import PacketState

_STATUS_NAMES = {
    "syn": (), "reply": ("confirmed", "seen-reply"), "ack": ("confirmed", "seen-reply", "assured"),
    "request": ("confirmed", "seen-reply", "assured"),
    "answer": ("confirmed", "seen-reply", "assured"), "refusal": (),
}  # fmt: skip


def track(state: PacketState, priority: int) -> None:
    """Let conntrack see the packet, once, if `priority` is not before conntrack's."""
    if state.tracking or state.hook not in BEFORE_ROUTING or priority < CONNTRACK:
        return
    # conntrack leaves neighbor discovery alone (nf_conntrack_proto_icmpv6.c).
    if state.untrack or state.topology.packet.kind == "solicitation":
        state.tracking = "untracked"
    elif state.stage not in ("reply", "refusal") or state.connection.confirmed:
        state.tracking = "tracked"  # conntrack treats an ACK of an unknown connection as new
    else:
        state.tracking = "invalid"
    update_state_fields(state)


def update_state_fields(state: PacketState) -> None:
    """Copy conntrack's state into the packet's fields."""
    if state.tracking != "tracked":
        state.fields["ct state"] = STATES[state.tracking]
        return
    topology, ip, fields = state.topology, state.topology.ip, state.fields
    ct_state = "established" if state.connection.confirmed else "new"
    is_error = state.stage == "refusal" or topology.packet.kind == "too-big"
    fields["ct state"] = STATES["related" if is_error else ct_state]
    fields["ct direction"] = int(state.stage in ("reply", "answer", "refusal"))
    fields["ct mark"] = state.connection.mark
    fields["ct protocol"], fields["ct zone"] = 6, 0
    fields["ct l3proto"] = 2 if topology.version == 4 else 10
    for name in (f"{ip} ", ""):
        fields[f"ct original {name}saddr"] = SOURCE
        fields[f"ct original {name}daddr"] = topology.destination
    fields["ct original proto-src"] = topology.packet.source_port or CLIENT_PORTS
    fields["ct original proto-dst"] = topology.packet.port
    update_status(state)


def update_status(state: PacketState) -> None:
    if state.tracking != "tracked":
        return
    connection = state.connection
    bits = sum(STATUS[name] for name in _STATUS_NAMES[state.stage]) if connection.confirmed else 0
    bits |= STATUS["dnat"] if connection.dnat_to else 0
    bits |= STATUS["snat"] if connection.snat_to else 0
    state.fields["ct status"] = bits


def translate(state: PacketState) -> None:
    """Translate addresses at a NAT hook. For a new connection the nat chains run next; later
    packets get the connection's existing translation."""
    state.translating = False
    # An ICMP error follows the connection that it is about, which is not looked at here.
    if state.tracking != "tracked" or state.topology.packet.kind == "too-big":
        return
    before_routing = state.hook in BEFORE_ROUTING
    nat_type = "dst" if before_routing else "src"
    connection, header, topology = state.connection, state.header, state.topology
    if state.stage == "syn" and nat_type not in connection.translated_in:
        connection.translated_in[nat_type] = state.hook
        state.translating = topology.tracks
        return
    is_reply = state.stage in ("reply", "answer", "refusal")
    if before_routing and (translation := connection.snat_to if is_reply else connection.dnat_to):
        header["daddr"], header["dport"] = client(topology) if is_reply else translation
    elif not before_routing and (
        translation := connection.dnat_to if is_reply else connection.snat_to
    ):
        header["saddr"], header["sport"] = server(topology) if is_reply else translation
    write_addresses(topology, state.fields, header)
