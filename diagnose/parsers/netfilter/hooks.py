"""Move a packet from hook to hook, and continue with the next packet.

From outside: ingress, prerouting, then input, or forward and postrouting. The machine's own reply:
output and postrouting. Each packet over `lo` passes output, postrouting, prerouting and input.
"""

from collections.abc import Mapping

from diagnose.parsers.netfilter.address_sets import Region
from diagnose.parsers.netfilter.conntrack import track, translate, update_state_fields
from diagnose.parsers.netfilter.headers import PacketKind
from diagnose.parsers.netfilter.packet import SENT_BY_SERVER, Decision, Stage
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.topology import HookEntry, Topology
from diagnose.parsers.netfilter.traversal import Outcome, PacketState

_NEXT_STAGE: Mapping[PacketKind, Stage] = {
    "syn": "reply",
    "reply": "ack",
    "ack": "request",
    "request": "answer",
}
_LOOPBACK_HOOKS = ("output", "postrouting", "egress", "ingress", "prerouting", "input")
_OUTPUT_HOOKS = ("output", "postrouting", "egress")
_INPUT_HOOKS = ("ingress", "prerouting", "")  # "": routing decides
_FORWARD_HOOKS = ("forward", "postrouting", "egress")
_LAST_PRIORITY = 1 << 31


def initial_state(topology: Topology, region: Region) -> PacketState:
    state = PacketState(topology, region)
    _start_packet(state)
    return state


def advance(state: PacketState) -> Outcome | None:
    """Move to the next chain that runs; this may enter the next hook or start the next packet."""
    if state.entry_index < len(state.hook_entries):
        hook_entry = state.hook_entries[state.entry_index]
        state.entry_index += 1
        track(state, hook_entry.priority)
        _visit(state, hook_entry)
        return None
    track(state, _LAST_PRIORITY)
    while state.hooks:
        if state.hooks[0]:
            _enter_hook(state)
            return None
        if ended := _route(state):
            return ended
    if state.stage == "syn":
        # conntrack confirms the connection on leaving: it has an entry from here on.
        state.connection.confirmed = state.tracking == "tracked"
    next_stage = _NEXT_STAGE.get(state.stage)
    if next_stage is None or state.topology.packet.kind != "connection":
        return state.completed_outcome()
    state.send(next_stage)
    _start_packet(state)
    return None


def send_rejection(state: PacketState, decision: Decision) -> None:
    """Follow a rejecting rule's packet on its way back to the client. It belongs to the rejected
    packet's connection (nf_reject_ipv4.c, icmp.c), if conntrack has seen that packet."""
    tracked = state.tracking == "tracked"
    sender = state.header["daddr"]
    if decision.how != "tcp reset" and state.hook == "forward":
        topology = state.topology
        own_address = (
            topology.first_on(topology.packet.interface, topology.destination)
            if topology.version == 4
            else None
        )
        sender = UNKNOWN if own_address is None else own_address
    state.refuse(decision, sender)
    _start_packet(state)
    if tracked:
        state.tracking = "tracked"
        update_state_fields(state)


def _start_packet(state: PacketState) -> None:
    connection, interface = state.connection, state.topology.packet.interface
    forwarded = connection.forwarded
    from_inside = state.stage in SENT_BY_SERVER
    out_interface: Value = connection.out_interface if forwarded else interface
    state.incoming, state.outgoing = interface, interface
    if interface == "lo" and not forwarded:
        state.hooks = _LOOPBACK_HOOKS
    elif interface == "lo":  # from the machine itself to another one
        state.hooks = _INPUT_HOOKS if from_inside else _OUTPUT_HOOKS
        state.incoming, state.outgoing = (
            (out_interface, interface) if from_inside else (interface, out_interface)
        )
    elif state.stage == "refusal":
        state.hooks = _OUTPUT_HOOKS
    elif from_inside:
        state.hooks = _INPUT_HOOKS if forwarded else _OUTPUT_HOOKS
        state.incoming = out_interface
    else:
        state.hooks = _INPUT_HOOKS
    _enter_hook(state)


def _enter_hook(state: PacketState) -> None:
    """Enter the first of the remaining hooks."""
    hook, state.hooks = state.hooks[0], state.hooks[1:]
    state.hook = hook
    through = hook == "postrouting" and state.connection.forwarded and state.stage != "refusal"
    into = hook in ("ingress", "prerouting", "input", "forward") or (
        through and state.topology.packet.interface != "lo"
    )
    out = hook in ("forward", "output", "postrouting", "egress")
    in_interface, out_interface = state.incoming if into else "", state.outgoing if out else ""
    state.fields["meta iif"] = state.fields["meta iifname"] = in_interface
    state.fields["meta oif"] = state.fields["meta oifname"] = out_interface
    device = in_interface if hook == "ingress" else out_interface if hook == "egress" else ""
    state.hook_entries = state.topology.hook_entries(
        hook, device if isinstance(device, str) else ""
    )
    state.entry_index, state.chain = 0, None


def _visit(state: PacketState, hook_entry: HookEntry) -> None:
    if hook_entry.chain is None:
        translate(state)
    elif hook_entry.base and (hook_entry.base.type != "nat" or state.translating):
        state.enter_base_chain(hook_entry, hook_entry.chain)


def _route(state: PacketState) -> Outcome | None:
    """Route after prerouting: to the machine itself, or forwarded."""
    connection = state.connection
    if state.stage in SENT_BY_SERVER and state.topology.packet.interface == "lo":
        state.hooks = ("input",)
    elif state.stage != "syn":
        state.hooks = _FORWARD_HOOKS if connection.forwarded else ("input",)
        if state.stage not in SENT_BY_SERVER:
            state.outgoing = connection.out_interface
    else:
        return _first_route(state)
    return None


def _first_route(state: PacketState) -> Outcome | None:
    destination, topology = state.header["daddr"], state.topology
    span = (destination, destination) if isinstance(destination, int) else destination
    local = topology.is_local(*span) if isinstance(span, tuple) else None
    if local is None:
        return state.nat_outcome("unknown", unknown=("dnat",))
    if local and state.connection.dnat_to and topology.is_martian(destination):
        return state.nat_outcome("drop", how="route_localnet")
    if not local:
        forward(state)
    state.hooks = ("input",) if local else _FORWARD_HOOKS
    return None


def forward(state: PacketState) -> None:
    """Forward the packet: the destination is not the machine itself."""
    destination = state.header["daddr"]
    first = destination[0] if isinstance(destination, tuple) else destination
    device = state.topology.device(first) if isinstance(first, int) else None
    state.connection.forwarded = True
    state.connection.out_interface = state.outgoing = UNKNOWN if device is None else device
