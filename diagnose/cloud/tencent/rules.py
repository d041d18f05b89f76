"""Tencent's security groups and instance firewalls as layers. Pure and total.

Sources: Tencent Cloud API, VPC 2017-03-12, SecurityGroupPolicy; Lighthouse 2020-03-24,
FirewallRuleInfo; "Manage instance firewall" (document 1103/41393).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diagnose.cloud.address_sets import network_range
from diagnose.cloud.fields import MAX_RULES, member, text
from diagnose.cloud.tencent.templates import NO_TEMPLATES, Service, Templates, service_of
from diagnose.model.cloud import ANY_ADDRESS, Rule, RuleLayer


def group_layer(groups: Sequence[object], templates: Templates = NO_TEMPLATES) -> RuleLayer:
    """Return the layer of all security groups of an interface, in the order of their binding.

    A group is a SecurityGroupPolicySet with its SecurityGroupId. The groups are tried one after
    the other, the rules of each from the top; the first match decides, and no match rejects. What
    an interface without a group lets in, no document says.
    """
    rules: list[Rule] = []
    unread = [] if groups else ["no security group is attached"]
    for position, group in enumerate(groups):
        group_id = text(member(group, "SecurityGroupId")) or f"group {position}"
        rows = member(group, "Ingress")
        if not isinstance(rows, list):
            unread.append(f"the rules of {group_id}")
            continue
        rules += _group_rules(group_id, position, rows, templates)
        unread += incomplete(rows, group_id)
    return RuleLayer("group", rules=tuple(rules), unread=", ".join(unread))


def firewall_layer(rows: object) -> RuleLayer:
    """Return the layer of a Lighthouse instance's firewall. Its rules are tried from the top."""
    if not isinstance(rows, list):
        return RuleLayer("firewall", unread="the rules of the firewall")
    rules: list[Rule] = []
    for number, row in enumerate(rows[:MAX_RULES]):
        if isinstance(row, Mapping):
            rule = Rule(f"#{number}", allow=True, order=(number,), text=rule_text(row))
            # "If neither is set: 0.0.0.0/0, and ::/0 for ICMPv6"; the action is ACCEPT.
            row = {"Action": "ACCEPT", "CidrBlock": "0.0.0.0/0", **_present(row)}
            rules += _rules_of_row(rule, row, NO_TEMPLATES)
    unread = ", ".join(incomplete(rows, "the firewall"))
    return RuleLayer("firewall", rules=tuple(rules), unread=unread)


def incomplete(rows: Sequence[object], name: str) -> list[str]:
    """Return what is missing of a list of rules: [] if all of them can be read."""
    is_whole = len(rows) <= MAX_RULES and all(isinstance(row, Mapping) for row in rows)
    return [] if is_whole else [f"some rules of {name}"]


def with_action(rule: Rule, action: object) -> tuple[Rule, ...]:
    """Return the rule with its action. One whose action is not known may do either."""
    word = text(action).strip().upper()
    if word in {"ACCEPT", "DROP"}:
        return (replace(rule, allow=word == "ACCEPT"),)
    unread = rule.unread or f"the action of {rule.id}"
    return replace(rule, allow=True, unread=unread), replace(rule, allow=False, unread=unread)


def peer_networks(*fields: object) -> tuple[str, ...] | None:
    """Return the networks in CidrBlock and Ipv6CidrBlock, () for none, None if one is no network.

    "0.0.0.0/n" is 0.0.0.0/0 for any n: the API's reference says that it is stored so.
    """
    written = [words for field in fields if (words := text(field).strip())]
    if not all(map(network_range, written)):
        return None
    return tuple("0.0.0.0/0" if words.startswith("0.0.0.0/") else words for words in written)


def rule_text(row: Mapping[str, Any]) -> str:
    """Return a rule in the words of the API, for a person."""
    names = ("Action", "Protocol", "Port", "CidrBlock", "Ipv6CidrBlock", "SecurityGroupId")
    words = [text(row.get(name)) for name in names]
    words += _template_ids(row.get("AddressTemplate"), row.get("ServiceTemplate"))
    return " ".join(filter(None, words))


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that hold something, and no IPv4 network beside one of IPv6."""
    fields = {name: value for name, value in row.items() if value not in ("", None)}
    if "Ipv6CidrBlock" in fields:
        fields.setdefault("CidrBlock", "")
    return fields


def _group_rules(
    group_id: str, position: int, rows: Sequence[object], templates: Templates
) -> Iterator[Rule]:
    for number, row in enumerate(rows[:MAX_RULES]):
        if not isinstance(row, Mapping):
            continue
        index = row.get("PolicyIndex")
        place = index if isinstance(index, int) and 0 <= index < 1 << 31 else number
        rule = Rule(
            f"{group_id}#{place}",
            allow=True,
            order=(position, place, number),
            group=group_id,
            text=rule_text(row),
        )
        yield from _rules_of_row(rule, row, templates)


def _rules_of_row(rule: Rule, row: Mapping[str, Any], templates: Templates) -> Iterator[Rule]:
    """Return a rule once for each protocol that it has: a service template can hold several."""
    peers, peer_groups, unread_peers = _peers(row, templates)
    services, unread_service = _services(row, templates)
    unread = ", ".join(filter(None, (unread_peers, unread_service)))
    for service in services:
        yield from with_action(
            replace(
                rule,
                protocol=service.protocol,
                ports=service.ports,
                peers=peers,
                peer_groups=peer_groups,
                unread=unread,
            ),
            row.get("Action"),
        )


def _peers(
    row: Mapping[str, Any], templates: Templates
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return the networks, the groups, and what could not be read of a rule's source."""
    for template_id in _template_ids(row.get("AddressTemplate")):
        members = templates.addresses.get(template_id)
        return (ANY_ADDRESS, (), f"address template {template_id}") if members is None else (
            members, (), ""
        )  # fmt: skip
    networks = peer_networks(row.get("CidrBlock"), row.get("Ipv6CidrBlock"))
    groups = tuple(filter(None, [text(row.get("SecurityGroupId"))]))
    if networks is None or not (networks or groups):
        return ANY_ADDRESS, (), "the source"
    return networks, groups, ""


def _services(row: Mapping[str, Any], templates: Templates) -> tuple[tuple[Service, ...], str]:
    for template_id in _template_ids(row.get("ServiceTemplate")):
        services = templates.services.get(template_id)
        return ((Service(),), f"service template {template_id}") if services is None else (
            services, ""
        )  # fmt: skip
    service, unread = service_of(row.get("Protocol"), row.get("Port"))
    return (service,), unread


def template_ids(groups: Iterable[object], field: str) -> tuple[str, ...]:
    """Return the templates that the rules name in `field`: AddressTemplate or ServiceTemplate."""
    rows = [
        row
        for group in groups
        if isinstance(listed := member(group, "Ingress"), list)
        for row in listed[:MAX_RULES]
    ]
    ids = (template_id for row in rows for template_id in _template_ids(member(row, field)))
    return tuple(dict.fromkeys(ids))


def _template_ids(*specifications: object) -> list[str]:
    """Return the ids in template specifications; one of an empty text is not there."""
    return [
        template_id
        for specification in specifications
        if isinstance(specification, Mapping)
        for value in specification.values()
        if (template_id := text(value))
    ]
