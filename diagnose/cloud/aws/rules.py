"""Rules of EC2's security groups and network ACLs as layers. Pure and total.

Sources: EC2 API Reference, IpPermission and NetworkAclEntry; VPC User Guide, "Security group
rules" (they only allow, and all groups count) and "Network ACLs" (the lowest number first, no
state, all is refused at the end, nothing is filtered inside a subnet).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from diagnose.cloud.fields import MAX_RULES, items, member, network, number, protocol, text
from diagnose.model.cloud import (
    ALL_PORTS,
    ANY_ADDRESS,
    Direction,
    PortRange,
    Rule,
    RuleLayer,
)

#: The entries of managed prefix lists by their id. One that is not there could not be read.
PrefixLists = Mapping[str, tuple[str, ...]]


def group_layer(groups: Sequence[object], prefix_lists: PrefixLists) -> RuleLayer:
    """Return the layer of all security groups of an interface. Every interface has one."""
    rules: list[Rule] = []
    unread = [] if groups else ["the security groups"]
    for group in groups:
        group_id = text(member(group, "GroupId"))
        rows = member(group, "IpPermissions")
        if not isinstance(rows, list):
            unread.append(f"the rules of {group_id}")
            continue
        rules += _group_rules(group_id, rows, prefix_lists)
        unread += _incomplete(rows, group_id)
    return RuleLayer("group", rules=tuple(rules), unread=", ".join(unread))


def acl_layers(acl: object) -> tuple[RuleLayer, ...]:
    """Return the layers of a network ACL for what comes in and for the replies."""
    rows = member(acl, "Entries")
    if not isinstance(rows, list):
        return unread_acl_layers("the rules of the network ACL")
    unread = ", ".join(_incomplete(rows, "the network ACL"))
    entries = [row for row in rows[:MAX_RULES] if isinstance(row, Mapping)]
    return tuple(
        _acl_layer(
            direction,
            tuple(
                rule
                for row in entries
                if _is_out(row) is (direction == "out")
                for rule in _acl_rules(row)
            ),
            unread,
        )
        for direction in _DIRECTIONS
    )


def unread_acl_layers(reason: str) -> tuple[RuleLayer, ...]:
    """Return the layers of an ACL that could not be read."""
    return tuple(_acl_layer(direction, (), reason) for direction in _DIRECTIONS)


def prefix_list_ids(groups: Iterable[object]) -> tuple[str, ...]:
    """Return the prefix lists that the groups' rules name."""
    ids = (
        text(item.get("PrefixListId"))
        for group in groups
        for row in items(group, "IpPermissions")
        for item in items(row, "PrefixListIds")
    )
    return tuple(dict.fromkeys(filter(None, ids)))


_DIRECTIONS: tuple[Direction, ...] = ("in", "out")


def _acl_layer(direction: Direction, rules: tuple[Rule, ...], unread: str) -> RuleLayer:
    name = f"nacl_{direction}"
    return RuleLayer("acl", name, rules, direction, skips_same_subnet=True, unread=unread)


def _incomplete(rows: Sequence[object], name: str) -> list[str]:
    is_whole = len(rows) <= MAX_RULES and all(isinstance(row, Mapping) for row in rows)
    return [] if is_whole else [f"some rules of {name}"]


def _group_rules(
    group_id: str, rows: Sequence[object], prefix_lists: PrefixLists
) -> Iterator[Rule]:
    """Return the rules of a group: one for what is read of a permission, and one for each prefix
    list that is not."""
    for position, row in enumerate(rows[:MAX_RULES]):
        if not isinstance(row, Mapping):
            continue
        ports, unread_ports = _ports(row.get("IpProtocol"), row.get("FromPort"), row.get("ToPort"))
        for peers, peer_groups, unread_peers in _peers(row, prefix_lists):
            yield Rule(
                f"{group_id}#{position}",
                allow=True,
                protocol=protocol(row.get("IpProtocol")),
                ports=ports,
                peers=peers,
                peer_groups=peer_groups,
                unread=unread_ports or unread_peers,
                group=group_id,
                text=_permission_text(row),
            )


def _peers(
    row: Mapping[str, Any], prefix_lists: PrefixLists
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Return networks and groups of a permission's source, and what is unread of it."""
    written = [text(item.get("CidrIp")) for item in items(row, "IpRanges")]
    written += [text(entry.get("CidrIpv6")) for entry in items(row, "Ipv6Ranges")]
    lists = [text(entry.get("PrefixListId")) for entry in items(row, "PrefixListIds")]
    networks = [source for source in map(network, written) if source]
    networks += [entry for list_id in lists for entry in prefix_lists.get(list_id, ())]
    groups = [text(entry.get("GroupId")) for entry in items(row, "UserIdGroupPairs")]
    yield tuple(networks), tuple(filter(None, groups)), ""
    if not all(map(network, written)):
        yield ANY_ADDRESS, (), "a source"
    for list_id in lists:
        if list_id not in prefix_lists:
            yield ANY_ADDRESS, (), f"prefix list {list_id}"


def _ports(name: object, first: object, last: object) -> tuple[tuple[PortRange, ...], str]:
    """Return the ports of a rule, and what could not be read. Only TCP and UDP have ports."""
    if protocol(name) not in {"tcp", "udp"}:
        return ALL_PORTS, ""
    ports = PortRange(number(first, -1), number(last, -1))
    if not 0 <= ports.first <= ports.last <= 65535:
        return ALL_PORTS, "the ports"
    return (ports,), ""


def _acl_rules(row: Mapping[str, Any]) -> Iterator[Rule]:
    """Return an entry as a rule. One whose action is not known may do either."""
    place = number(row.get("RuleNumber"), 32767)
    ports, unread = _ports(
        row.get("Protocol"), member(row, "PortRange", "From"), member(row, "PortRange", "To")
    )
    peer = network(row.get("CidrBlock")) or network(row.get("Ipv6CidrBlock"))
    action = text(row.get("RuleAction")).lower()
    if not peer:
        unread = unread or "the address"
    actions = {"allow": (True,), "deny": (False,)}.get(action, (True, False))
    if len(actions) > 1:
        unread = unread or "the action"
    for allow in actions:
        yield Rule(
            str(place),
            allow,
            order=(place,),
            protocol=protocol(row.get("Protocol")),
            ports=ports,
            peers=(peer,) if peer else ANY_ADDRESS,
            unread=unread,
            text=_entry_text(row),
        )


def _is_out(row: Mapping[str, Any]) -> bool:
    return row.get("Egress") is True


def _permission_text(row: Mapping[str, Any]) -> str:
    """Return a permission in the API's words, for a person: "tcp 443-443 0.0.0.0/0"."""
    sources = (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId"),
        ("PrefixListIds", "PrefixListId"),
    )
    named = [text(item.get(key)) for name, key in sources for item in items(row, name, limit=8)]
    ports = "-".join(filter(None, (text(row.get("FromPort")), text(row.get("ToPort")))))
    return " ".join(filter(None, [text(row.get("IpProtocol")), ports, *named[:8]]))


def _entry_text(row: Mapping[str, Any]) -> str:
    ports = (text(member(row, "PortRange", end)) for end in ("From", "To"))
    names = ("RuleNumber", "RuleAction", "Protocol")
    words = [*(text(row.get(name)) for name in names), "-".join(filter(None, ports))]
    words += [text(row.get("CidrBlock")), text(row.get("Ipv6CidrBlock"))]
    return " ".join(filter(None, words))
