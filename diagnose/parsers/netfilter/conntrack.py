"""conntrack, and the translation of addresses (nf_conntrack_core.c, nf_nat_core.c).

conntrack sees a packet at the priority -200, before routing. A chain before it knows no state; a
packet that it was told not to track is `untracked`, and one that belongs to no connection and
cannot begin one is `invalid`.
"""

from diagnose.parsers.netfilter.headers import CLIENT_PORTS, address, client, server
from diagnose.parsers.netfilter.packet_fields import SOURCE
from diagnose.parsers.netfilter.rules import STATES, STATUS
from diagnose.parsers.netfilter.topology import BEFORE_ROUTING, CONNTRACK
from diagnose.parsers.netfilter.traversal import Walk

_SEEN = {
    "syn": (), "reply": ("confirmed", "seen-reply"), "ack": ("confirmed", "seen-reply", "assured"),
    "refusal": (),
}  # fmt: skip


def track(walk: Walk, priority: int) -> None:
    """conntrack sees the packet, if it has not, and if this is after it."""
    if walk.tracking or walk.hook not in BEFORE_ROUTING or priority < CONNTRACK:
        return
    if walk.untrack:
        walk.tracking = "untracked"
    elif walk.stage in ("syn", "ack") or walk.connection.known:
        walk.tracking = "tracked"  # an ACK of a connection that was never seen is taken up as new
    else:
        walk.tracking = "invalid"
    show(walk)


def show(walk: Walk) -> None:
    """What conntrack knows, into the fields."""
    if walk.tracking != "tracked":
        walk.fields["ct state"] = STATES[walk.tracking]
        return
    plan, ip, fields = walk.plan, walk.plan.ip, walk.fields
    state = "established" if walk.connection.known else "new"
    fields["ct state"] = STATES["related" if walk.stage == "refusal" else state]
    fields["ct direction"] = int(walk.stage in ("reply", "refusal"))
    fields["ct mark"] = walk.connection.mark
    fields["ct protocol"], fields["ct zone"] = 6, 0
    fields["ct l3proto"] = 2 if plan.version == 4 else 10
    for name in (f"{ip} ", ""):
        fields[f"ct original {name}saddr"] = SOURCE
        fields[f"ct original {name}daddr"] = plan.destination
    fields["ct original proto-src"] = plan.packet.source_port or CLIENT_PORTS
    fields["ct original proto-dst"] = plan.packet.port
    status(walk)


def status(walk: Walk) -> None:
    if walk.tracking != "tracked":
        return
    connection = walk.connection
    bits = sum(STATUS[name] for name in _SEEN[walk.stage]) if connection.known else 0
    bits |= STATUS["dnat"] if connection.to else 0
    bits |= STATUS["snat"] if connection.by else 0
    walk.fields["ct status"] = bits


def translate(walk: Walk) -> None:
    """Where addresses are translated. The chains follow, for a new connection; what is known of
    the connection is done to its later packets."""
    walk.translating = False
    if walk.tracking != "tracked":
        return
    before = walk.hook in BEFORE_ROUTING
    kind = "dst" if before else "src"
    connection, header, plan = walk.connection, walk.header, walk.plan
    if walk.stage == "syn" and kind not in connection.done:
        connection.done[kind] = walk.hook
        walk.translating = plan.tracks
        return
    back = walk.stage in ("reply", "refusal")
    if before and (changed := connection.by if back else connection.to):
        header["daddr"], header["dport"] = client(plan) if back else changed
    elif not before and (changed := connection.to if back else connection.by):
        header["saddr"], header["sport"] = server(plan) if back else changed
    address(plan, walk.fields, header)
