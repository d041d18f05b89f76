"""A rule that changes where a packet goes to, or where it seems to come from."""

from typing import Any, Literal

from diagnose.parsers.netfilter import headers
from diagnose.parsers.netfilter.conntrack import status
from diagnose.parsers.netfilter.hooks import forward
from diagnose.parsers.netfilter.matching import mapped, plain
from diagnose.parsers.netfilter.packet_fields import UNKNOWN, Value
from diagnose.parsers.netfilter.rules import DataMap, Nat, Rule
from diagnose.parsers.netfilter.traversal import Ended, Walk


def translate(walk: Walk, step: Nat, rule: Rule) -> Ended | Literal[False] | None:
    """The first rule that matches decides: the chain ends."""
    if step.family and step.family != walk.plan.ip:
        return False
    wanted = _wanted(walk, step)
    if wanted is False:
        return False
    if wanted is None:
        return walk.end("unknown", rule, unknown=(rule.text,))
    walk.translating = False
    header, connection = walk.header, walk.connection
    if step.kind in ("dnat", "redirect"):
        connection.to = wanted
        header["daddr"], header["dport"] = wanted
        connection.rule = walk.decided("accept", rule)
        if walk.hook == "output":
            _rerouted(walk, wanted[0])
    else:
        connection.by = wanted
        header["saddr"], header["sport"] = wanted
    headers.address(walk.plan, walk.fields, header)
    status(walk)
    walk.chain = None
    return None


def _rerouted(walk: Walk, to: Value) -> None:
    """From the machine itself to somewhere else."""
    if isinstance(to, int) and walk.plan.is_local(to, to) is False:
        forward(walk)
        walk.hooks = ("postrouting", "egress")


def _wanted(walk: Walk, step: Nat) -> tuple[Value, Value] | Literal[False] | None:
    """The new address and port; what is not changed stays as it is. False: the map has none."""
    header, plan = walk.header, walk.plan
    source = step.kind in ("snat", "masquerade")
    address = header["saddr" if source else "daddr"]
    port = header["sport" if source else "dport"]
    for wanted, is_port in ((step.address, False), (step.port, True)):
        found: Any = (plain(wanted),) if isinstance(wanted, tuple) else None
        if isinstance(wanted, DataMap):
            found = mapped(walk, wanted)
            if not found:
                return False if found is False else None
        if found and is_port:
            port = found[0]
        elif found:
            address, port = found[0], found[1] if len(found) > 1 else port
    if step.kind == "redirect":
        address = plan.redirected(walk.hook, walk.fields["meta iif"])
    if step.kind == "masquerade":
        address = UNKNOWN
    return address, port
