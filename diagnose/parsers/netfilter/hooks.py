"""From hook to hook, and from packet to packet.

From outside: ingress, prerouting, then input, or forward and postrouting; the machine's own
answer: output and postrouting. What goes over `lo` passes output, postrouting, prerouting and
input, each packet.
"""

from collections.abc import Mapping

from diagnose.parsers.netfilter.address_sets import Region
from diagnose.parsers.netfilter.conntrack import show, track, translate
from diagnose.parsers.netfilter.headers import Kind
from diagnose.parsers.netfilter.packet import Decision, Stage
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.topology import Place, Plan
from diagnose.parsers.netfilter.traversal import Ended, Walk

_NEXT: Mapping[Kind, Stage] = {"syn": "reply", "reply": "ack"}
_LOOP = ("output", "postrouting", "egress", "ingress", "prerouting", "input")
_OUT = ("output", "postrouting", "egress")
_IN = ("ingress", "prerouting", "")  # "": routing decides
_THROUGH = ("forward", "postrouting", "egress")
_LAST = 1 << 31


def begin(plan: Plan, region: Region) -> Walk:
    walk = Walk(plan, region)
    _set_out(walk)
    return walk


def ahead(walk: Walk) -> Ended | None:
    """To the next chain that is asked: perhaps a hook is left, a packet has arrived, all have."""
    if walk.place < len(walk.places):
        place = walk.places[walk.place]
        walk.place += 1
        track(walk, place.priority)
        _ask(walk, place)
        return None
    track(walk, _LAST)
    while walk.hooks:
        if walk.hooks[0]:
            _enter(walk)
            return None
        if ended := _route(walk):
            return ended
    if walk.stage == "syn":
        # Confirmed on leaving: from here on conntrack has an entry.
        walk.connection.known = walk.tracking == "tracked"
    following = _NEXT.get(walk.stage)
    if following is None:
        return walk.passed()
    walk.send(following)
    _set_out(walk)
    return None


def refuse(walk: Walk, decision: Decision) -> None:
    """What a rejecting rule sends, on its way back to the client. It belongs to the connection of
    the packet that is rejected (nf_reject_ipv4.c, icmp.c), if that was seen by conntrack."""
    tracked = walk.tracking == "tracked"
    sender = walk.header["daddr"]
    if decision.how != "tcp reset" and walk.hook == "forward":
        plan = walk.plan
        own = plan.first_on(plan.packet.interface, plan.destination) if plan.version == 4 else None
        sender = UNKNOWN if own is None else own
    walk.refuse(decision, sender)
    _set_out(walk)
    if tracked:
        walk.tracking = "tracked"
        show(walk)


def _set_out(walk: Walk) -> None:
    connection, over = walk.connection, walk.plan.packet.interface
    forwarded = connection.forwarded
    from_inside = walk.stage == "reply"
    beyond: Value = connection.beyond if forwarded else over
    walk.incoming, walk.outgoing = over, over
    if over == "lo" and not forwarded:
        walk.hooks = _LOOP
    elif over == "lo":  # from the machine itself to somewhere else
        walk.hooks = _IN if from_inside else _OUT
        walk.incoming, walk.outgoing = (beyond, over) if from_inside else (over, beyond)
    elif walk.stage == "refusal":
        walk.hooks = _OUT
    elif from_inside:
        walk.hooks = _IN if forwarded else _OUT
        walk.incoming = beyond
    else:
        walk.hooks = _IN
    _enter(walk)


def _enter(walk: Walk) -> None:
    """The first of the hooks that are left."""
    hook, walk.hooks = walk.hooks[0], walk.hooks[1:]
    walk.hook = hook
    through = hook == "postrouting" and walk.connection.forwarded and walk.stage != "refusal"
    into = hook in ("ingress", "prerouting", "input", "forward") or (
        through and walk.plan.packet.interface != "lo"
    )
    out = hook in ("forward", "output", "postrouting", "egress")
    came, goes = walk.incoming if into else "", walk.outgoing if out else ""
    walk.fields["meta iif"] = walk.fields["meta iifname"] = came
    walk.fields["meta oif"] = walk.fields["meta oifname"] = goes
    device = came if hook == "ingress" else goes if hook == "egress" else ""
    walk.places = walk.plan.places(hook, device if isinstance(device, str) else "")
    walk.place, walk.chain = 0, None


def _ask(walk: Walk, place: Place) -> None:
    if place.chain is None:
        translate(walk)
    elif place.base and (place.base.type != "nat" or walk.translating):
        walk.open(place, place.chain)


def _route(walk: Walk) -> Ended | None:
    """After prerouting: to the machine itself, or through it."""
    connection = walk.connection
    if walk.stage == "reply" and walk.plan.packet.interface == "lo":
        walk.hooks = ("input",)
    elif walk.stage != "syn":
        walk.hooks = _THROUGH if connection.forwarded else ("input",)
        if walk.stage == "ack":
            walk.outgoing = connection.beyond
    else:
        return _first_route(walk)
    return None


def _first_route(walk: Walk) -> Ended | None:
    to, plan = walk.header["daddr"], walk.plan
    span = (to, to) if isinstance(to, int) else to
    local = plan.is_local(*span) if isinstance(span, tuple) else None
    if local is None:
        return walk.translated("unknown", unknown=("dnat",))
    if local and walk.connection.to and plan.is_martian(to):
        return walk.translated("drop", how="route_localnet")
    if not local:
        forward(walk)
    walk.hooks = ("input",) if local else _THROUGH
    return None


def forward(walk: Walk) -> None:
    """The destination is not the machine itself."""
    to = walk.header["daddr"]
    first = to[0] if isinstance(to, tuple) else to
    device = walk.plan.device(first) if isinstance(first, int) else None
    walk.connection.forwarded = True
    walk.connection.beyond = walk.outgoing = UNKNOWN if device is None else device
