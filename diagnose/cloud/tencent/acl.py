"""Tencent's network ACLs as layers. Pure and total.

Sources: Tencent Cloud API, VPC 2017-03-12, NetworkAclEntry and NetworkAclQuintupleEntry; "Rule
Overview" (document 215/31850): from the top, no state, and all is refused at the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.cloud.fields import MAX_RULES, member, text
from diagnose.cloud.tencent.rules import incomplete, peer_networks, rule_text, with_action
from diagnose.cloud.tencent.templates import service_of
from diagnose.model.cloud import ALL_PORTS, ANY_ADDRESS, Direction, Rule, RuleLayer

_NAMES: Mapping[Direction, str] = {"in": "nacl_in", "out": "nacl_out"}


def acl_layers(acl: object, quintuples: object = None) -> tuple[RuleLayer, ...]:
    """Return the layers of a NetworkAcl for what comes in and for the replies.

    `quintuples` are the entries of an ACL of five-tuples, which the ACL itself does not hold.
    """
    if is_quintuple(acl):
        return tuple(_quintuple_layer(direction, quintuples) for direction in _NAMES)
    return (
        _layer("in", member(acl, "IngressEntries")),
        _layer("out", member(acl, "EgressEntries")),
    )


def is_quintuple(acl: object) -> bool:
    """Whether the rules of an ACL have five fields and an API of their own."""
    return text(member(acl, "NetworkAclType")).upper() == "QUINTUPLE"


def unread_acl_layers(reason: str) -> tuple[RuleLayer, ...]:
    """Return the layers of an ACL that could not be read."""
    return tuple(_acl_layer(direction, unread=reason) for direction in _NAMES)


def _acl_layer(direction: Direction, rules: tuple[Rule, ...] = (), unread: str = "") -> RuleLayer:
    return RuleLayer(
        "acl", _NAMES[direction], rules, direction, skips_same_subnet=True, unread=unread
    )


def _layer(direction: Direction, rows: object) -> RuleLayer:
    if not isinstance(rows, list):
        return _acl_layer(direction, unread="the rules of the network ACL")
    rules = [
        rule
        for number, row in enumerate(rows[:MAX_RULES])
        if isinstance(row, Mapping)
        for rule in _rules_of_entry(row, number, direction)
    ]
    return _acl_layer(direction, tuple(rules), ", ".join(incomplete(rows, "the network ACL")))


def _rules_of_entry(row: Mapping[str, Any], number: int, direction: str) -> tuple[Rule, ...]:
    service, unread = service_of(row.get("Protocol"), row.get("Port"))
    peers = peer_networks(row.get("CidrBlock"), row.get("Ipv6CidrBlock"))
    ports = service.ports
    if not peers:
        peers, unread = ANY_ADDRESS, unread or "the address"
    if direction == "out" and ports != ALL_PORTS:
        # The reference says "source or destination port", and not which of the two it is for what
        # goes out.
        ports, unread = ALL_PORTS, unread or f"on which side the port {text(row.get('Port'))} is"
    rule = Rule(
        str(_priority(row, number)),
        allow=True,
        order=(_priority(row, number), number),
        protocol=service.protocol,
        ports=ports,
        peers=peers,
        unread=unread,
        text=rule_text(row),
    )
    return with_action(rule, row.get("Action"))


def _quintuple_layer(direction: Direction, rows: object) -> RuleLayer:
    if not isinstance(rows, list):
        return _acl_layer(direction, unread="the five-tuples of the network ACL")
    rules = tuple(_quintuple_rules(rows, direction))
    return _acl_layer(direction, rules, ", ".join(incomplete(rows, "the network ACL")))


def _quintuple_rules(rows: Sequence[object], direction: Direction) -> Iterator[Rule]:
    word = "INGRESS" if direction == "in" else "EGRESS"
    for number, row in enumerate(rows[:MAX_RULES]):
        if isinstance(row, Mapping) and text(row.get("NetworkAclDirection")).upper() == word:
            rule = _quintuple_rule(row, number, direction)
            yield from with_action(rule, row.get("Action"))


def _quintuple_rule(row: Mapping[str, Any], number: int, direction: Direction) -> Rule:
    own, peer_field = ("Destination", "Source") if direction == "in" else ("Source", "Destination")
    receiver, unread = service_of(row.get("Protocol"), row.get("DestinationPort"))
    sender, unread_sender = service_of(row.get("Protocol"), row.get("SourcePort"))
    peers = peer_networks(row.get(f"{peer_field}Cidr"), row.get(f"{peer_field}IPv6Cidr"))
    destinations = peer_networks(row.get(f"{own}Cidr"), row.get(f"{own}IPv6Cidr"))
    unread = unread or unread_sender
    if not peers or destinations is None:
        peers, destinations, unread = ANY_ADDRESS, (), unread or "the address"
    return Rule(
        str(_priority(row, number)),
        allow=True,
        order=(_priority(row, number), number),
        protocol=receiver.protocol,
        ports=receiver.ports,
        client_ports=sender.ports,
        peers=peers,
        destinations=destinations,
        unread=unread,
        text=_quintuple_text(row),
    )


def _quintuple_text(row: Mapping[str, Any]) -> str:
    names = (
        "Action", "Protocol", "SourceCidr", "SourceIPv6Cidr", "SourcePort",
        "DestinationCidr", "DestinationIPv6Cidr", "DestinationPort",
    )  # fmt: skip
    return " ".join(filter(None, (text(row.get(name)) for name in names)))


def _priority(row: Mapping[str, Any], number: int) -> int:
    """Return the place in the list. It counts from 1, and older answers do not have it."""
    value = row.get("Priority")
    return value if isinstance(value, int) and 0 < value < 1 << 31 else number + 1
