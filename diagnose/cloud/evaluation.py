"""Judges a provider's rules: whether a visitor's packets reach the instance and replies return.

`evaluate` looks at sets of addresses and not at samples: each rule takes its share of what is
undecided, in the rules' order. A rule that could not be read is tried both ways. Where the result
is the same, it does not matter; elsewhere the result is unknown, and the rule is named.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Literal

from diagnose.cloud.address_sets import (
    AddressSet,
    Family,
    count,
    difference,
    internet,
    intersection,
    networks,
    texts,
    union,
)
from diagnose.model.cloud import (
    ANY_ADDRESS,
    CLIENT_PORTS,
    PortRange,
    Protocol,
    Rule,
    RuleLayer,
    RuleSet,
)
from diagnose.model.frozen import frozen

#: partial: some of the source's addresses pass, others do not.
Status = Literal["allow", "deny", "partial", "unknown"]
_Outcome = Literal["allow", "deny", "unknown"]

#: The source of a flow that stands for every visitor of a family.
INTERNET4, INTERNET6 = "internet4", "internet6"


@frozen
class Flow:
    """The packets of a visitor: `source` is an address, a network, "internet4" or "internet6".

    `destination` is the instance's own address, "" if it is not known: then a rule for certain
    addresses only may match or not. `source_groups` are the security groups of the source,
    `same_subnet` whether it is in the instance's own subnet.
    """

    port: int
    source: str = INTERNET4
    protocol: Protocol = "tcp"
    destination: str = ""
    source_groups: tuple[str, ...] = ()
    same_subnet: bool = False

    @property
    def family(self) -> Family:
        if self.source in {INTERNET4, INTERNET6}:
            return 4 if self.source == INTERNET4 else 6
        return 6 if ipaddress.ip_network(self.source, strict=False).version == 6 else 4

    @property
    def sources(self) -> AddressSet:
        if self.source in {INTERNET4, INTERNET6}:
            return internet(self.family)
        return networks([self.source], self.family)


@frozen
class LayerVerdict:
    """The verdict of one layer. `by` are the ids of the rules that decide, "default" where none
    matched; if it is unknown, those that could not be read."""

    layer: RuleLayer
    status: Status
    by: tuple[str, ...]
    open_to: tuple[str, ...] = ()
    closed_to: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The deciding rules themselves, without "default"."""
        return tuple(rule for rule in self.layer.rules if rule.id in self.by)

    @property
    def keeps_out(self) -> bool:
        """Whether all of the flow, or a part of it, does not pass."""
        return self.status in {"deny", "partial"}


@frozen
class Verdict:
    """Whether a flow passes all layers.

    `by` are the ids that decide, with the layer's name before them. `open_to` and `closed_to` are
    networks of the flow's source, `unknown_to` those that unread rules decide: the first of each,
    for people. `open_count` and `closed_count` are how many addresses there are in all. `layers`
    are the verdicts of each layer for itself, in the order of the rule set.
    """

    status: Status
    by: tuple[str, ...]
    open_to: tuple[str, ...] = ()
    closed_to: tuple[str, ...] = ()
    unknown_to: tuple[str, ...] = ()
    layers: tuple[LayerVerdict, ...] = ()
    open_count: int = 0
    closed_count: int = 0

    @property
    def denying(self) -> LayerVerdict | None:
        """The first layer that denies all of the flow."""
        return next((layer for layer in self.layers if layer.status == "deny"), None)

    @property
    def closed(self) -> LayerVerdict | None:
        """The first layer that keeps out all of the flow, else one that keeps out a part."""
        return self.denying or next((layer for layer in self.layers if layer.keeps_out), None)


@frozen
class _Share:
    """Addresses with the same fate: the outcome and the rules that decide it."""

    addresses: AddressSet
    outcome: _Outcome
    by: tuple[str, ...]


def evaluate(rules: RuleSet, flow: Flow) -> Verdict:
    """Judge a flow. A rule set without layers filters nothing."""
    layers = [layer for layer in rules.layers if not (layer.skips_same_subnet and flow.same_subnet)]
    all_shares = [list(_layer_shares(layer, flow)) for layer in layers]
    verdicts = tuple(
        _layer_verdict(layer, shares, flow.family)
        for layer, shares in zip(layers, all_shares, strict=True)
    )
    closed = _addresses(all_shares, "deny")
    unknown = difference(_addresses(all_shares, "unknown"), closed)
    opened = difference(flow.sources, union((*closed, *unknown)))
    status = _status(opened, closed, unknown)
    return Verdict(
        status,
        _deciding_ids(verdicts, status),
        texts(opened, flow.family),
        texts(closed, flow.family),
        texts(unknown, flow.family),
        verdicts,
        count(opened),
        count(closed),
    )


def _addresses(all_shares: list[list[_Share]], outcome: _Outcome) -> AddressSet:
    """Return the addresses that have an outcome in any layer."""
    return union(
        part
        for shares in all_shares
        for share in shares
        if share.outcome == outcome
        for part in share.addresses
    )


def _status(opened: AddressSet, closed: AddressSet, unknown: AddressSet) -> Status:
    if opened and closed:
        return "partial"
    if unknown:
        return "unknown"
    return "deny" if closed else "allow"


def _deciding_ids(verdicts: tuple[LayerVerdict, ...], status: Status) -> tuple[str, ...]:
    """Return the ids that decide: of the first layer that has the verdict's own status."""
    for verdict in verdicts:
        if verdict.status == status:
            name = verdict.layer.name
            return tuple(f"{name}:{rule}" if name else rule for rule in verdict.by)
    return tuple(rule for verdict in verdicts for rule in verdict.by)


def _layer_verdict(layer: RuleLayer, shares: list[_Share], family: Family) -> LayerVerdict:
    sets = {
        outcome: union(
            part for share in shares if share.outcome == outcome for part in share.addresses
        )
        for outcome in ("allow", "deny", "unknown")
    }
    status = _status(sets["allow"], sets["deny"], sets["unknown"])
    by = (rule for share in shares if status in {share.outcome, "partial"} for rule in share.by)
    return LayerVerdict(
        layer,
        status,
        tuple(dict.fromkeys(by)),
        texts(sets["allow"], family),
        texts(sets["deny"], family),
    )


def _layer_shares(layer: RuleLayer, flow: Flow) -> Iterator[_Share]:
    """Return how a layer divides the flow's source.

    Replies go to whichever port the client has. The layer is judged for each part of the client
    ports that its rules tell apart; what passes from some ports only is unknown for the address.
    """
    if layer.direction == "in":
        yield from _port_shares(layer, flow, PortRange(flow.port, flow.port), _CLIENTS)
        return
    parts = [
        list(_port_shares(layer, flow, ports, PortRange(flow.port, flow.port)))
        for ports in _port_parts(layer.rules)
    ]
    yield from _merged(parts)


_CLIENTS = PortRange(*CLIENT_PORTS)


def _port_parts(rules: Iterable[Rule]) -> list[PortRange]:
    """Divide the client ports where a rule begins or ends."""
    first, last = CLIENT_PORTS
    starts = {first}
    for rule in rules:
        for ports in rule.ports:
            starts |= {start for start in (ports.first, ports.last + 1) if first < start <= last}
    ordered = [*sorted(starts), last + 1]
    return [PortRange(start, end - 1) for start, end in pairwise(ordered)]


def _merged(parts: list[list[_Share]]) -> Iterator[_Share]:
    """Merge the shares of several parts of the ports into one for each address."""
    merged = parts[0]
    for part in parts[1:]:
        merged = [
            _Share(
                common,
                left.outcome if left.outcome == right.outcome else "unknown",
                tuple(dict.fromkeys((*left.by, *right.by))),
            )
            for left in merged
            for right in part
            if (common := intersection(left.addresses, right.addresses))
        ]
        merged = _joined(merged)
    yield from merged


def _joined(shares: list[_Share]) -> list[_Share]:
    """Join the shares that have the same fate, so that their number stays that of the rules."""
    joined: dict[tuple[_Outcome, tuple[str, ...]], list[tuple[int, int]]] = {}
    for share in shares:
        joined.setdefault((share.outcome, share.by), []).extend(share.addresses)
    return [_Share(union(ranges), *fate) for fate, ranges in joined.items()]


@frozen
class _Pending:
    """Addresses that no read rule has decided yet, and the unread rules that might have: the id of
    each, and whether it allows."""

    addresses: AddressSet
    maybe: tuple[tuple[str, bool], ...] = ()


def _port_shares(
    layer: RuleLayer, flow: Flow, ports: PortRange, client_ports: PortRange
) -> Iterator[_Share]:
    pending = [_Pending(flow.sources)]
    for rule in sorted(layer.rules, key=lambda rule: rule.order):
        if not pending:
            return
        matched, is_sure = _match(rule, flow, ports, client_ports, layer.direction)
        if not matched:
            continue
        undecided: list[_Pending] = []
        for part in pending:
            share = intersection(part.addresses, matched)
            if share and is_sure:
                yield _decided(part, share, rule.allow, rule.id)
            elif share:
                undecided.append(_Pending(share, (*part.maybe, (rule.id, rule.allow))))
            if remaining := difference(part.addresses, matched) if share else part.addresses:
                undecided.append(_Pending(remaining, part.maybe))
        pending = _joined_pending(undecided)
    for part in pending:
        if layer.unread:
            yield _Share(part.addresses, "unknown", (layer.unread,))
        else:
            yield _decided(part, part.addresses, layer.allow_unmatched, "default")


def _joined_pending(parts: list[_Pending]) -> list[_Pending]:
    joined: dict[tuple[tuple[str, bool], ...], list[tuple[int, int]]] = {}
    for part in parts:
        joined.setdefault(part.maybe, []).extend(part.addresses)
    return [_Pending(union(ranges), maybe) for maybe, ranges in joined.items()]


def _decided(part: _Pending, share: AddressSet, allow: bool, rule_id: str) -> _Share:
    """Return the share that a rule decides: unknown where an unread rule before it might have
    decided otherwise."""
    opposing_rules = tuple(name for name, allows in part.maybe if allows is not allow)
    if opposing_rules:
        return _Share(share, "unknown", opposing_rules)
    return _Share(share, "allow" if allow else "deny", (rule_id,))


def _match(
    rule: Rule,
    flow: Flow,
    ports: PortRange,
    client_ports: PortRange,
    direction: Literal["in", "out"],
) -> tuple[AddressSet, bool]:
    """Return the part of the flow's source that a rule matches, and whether that is sure."""
    is_reply = direction == "out"
    if rule.protocol not in {"all", flow.protocol}:
        return (), True
    # A rule has to match all of the ports: one for the clients' port 22 serves no ordinary client.
    receiver, sender = ports, client_ports
    if not (_covers(rule.ports, receiver) and _covers(rule.client_ports, sender)):
        return (), True
    addressed = _is_addressed(rule, flow)
    if addressed is False:
        return (), True
    is_member = not is_reply and any(group in rule.peer_groups for group in flow.source_groups)
    matched = flow.sources if is_member else _peers(rule, flow)
    return matched, not rule.unread and addressed is True


def _peers(rule: Rule, flow: Flow) -> AddressSet:
    return intersection(flow.sources, networks(rule.peers, flow.family))


def _covers(ranges: Iterable[PortRange], needed: PortRange) -> bool:
    merged = union((ports.first, ports.last) for ports in ranges)
    return any(first <= needed.first and needed.last <= last for first, last in merged)


def _is_addressed(rule: Rule, flow: Flow) -> bool | None:
    """Whether a rule is for the flow's destination; None if that is not known."""
    if not rule.destinations:
        return True
    if set(rule.destinations) & set(ANY_ADDRESS):
        return True
    if not flow.destination:
        return None
    destination = networks([flow.destination], flow.family)
    return bool(intersection(destination, networks(rule.destinations, flow.family)))
