"""Ports that rules open to some addresses only, or close to some.

Opening such a port to everybody may let in addresses that are kept out on purpose. So no program
does it: the fix becomes a question with two answers. The first lets in one visitor, the second
everybody.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.firewall import shortened
from checks.firewall._firewalld import FirewalldView, firewalld_view
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Step, Where
from diagnose.model.firewall import Policy, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.firewalld.evaluator import Settings
from diagnose.parsers.firewalld.rich_rules import AddressMatch, is_about_port, rich_rule
from diagnose.parsers.netfilter import owners
from diagnose.parsers.netfilter.address_sets import UNICAST4, UNICAST6, difference, region
from diagnose.parsers.netfilter.rules import address_span
from diagnose.parsers.whole_numbers import whole_number

#: Stands for the visitor's address if it is not known; a person replaces it. No tool accepts it as
#: an address.
PLACEHOLDER = "ADDRESS"
#: How many rules are shown.
SHOWN = 4

_DIRECT_SOURCE = re.compile(
    r"(?:^|\s)(?:-s|--source|--src|--src-range|--match-set|--mac-source|--source-country|--src-cc)\s"
)
_DIRECT_PORT = re.compile(r"--(?:dport|dports|destination-ports?)\s+(\S+)")


def restrictions(evidence: Evidence, ports: Iterable[int]) -> tuple[str, ...]:
    """Return the rules about these ports that name a source, of all programs and both IP
    families."""
    unique_ports = tuple(dict.fromkeys(ports))
    rule_texts = [*_firewalld_restrictions(firewalld_view(evidence), unique_ports)]
    if evidence.good(Ruleset):
        from checks.firewall._netfilter import netfilter_view

        for rule in netfilter_view(evidence).source_rules(*unique_ports):
            # A rule that firewalld made from its own settings is already listed as that setting.
            if not (rule_texts and owners.owner(rule.position) == "firewalld"):
                rule_texts.append(rule.text or rule.chain.name)
    return tuple(dict.fromkeys(rule_texts))


def quoted_rules(rule_texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first few rules as code spans, and the number of the others."""
    return shortened(tuple(f"`{rule_text}`" for rule_text in rule_texts), SHOWN)


def question(narrow_steps: tuple[Step, ...], wide_fix: Fix, visitor: str = "") -> Fix:
    """Return a fix with two answers, the narrow one first.

    If the visitor is known, the narrow steps can be run as they are. The wide answer always needs a
    person's decision.
    """
    open_to_all = Manual(
        "open-to-everybody", Where.SERVER, commands=_executable_steps(wide_fix.steps)
    )
    if not _executable_steps(narrow_steps):
        return replace(wide_fix, steps=(open_to_all,), applicability=Applicability.REVIEW)
    if visitor:
        return Fix((*narrow_steps, open_to_all), Applicability.REVIEW)
    open_to_one = Manual("open-to-one", Where.SERVER, commands=_executable_steps(narrow_steps))
    return Fix((open_to_one, open_to_all), Applicability.REVIEW)


def is_automatic(fix: Fix | None) -> bool:
    """Return whether a program could carry out the fix without a person."""
    needs_no_review = fix is not None and fix.applicability is Applicability.AUTOMATIC
    return needs_no_review and bool(fix and _executable_steps(fix.steps))


def _executable_steps(steps: tuple[Step, ...]) -> tuple[Command | Edit, ...]:
    return tuple(step for step in steps if not isinstance(step, Manual))


# firewalld


def _firewalld_restrictions(firewalld: FirewalldView, ports: tuple[int, ...]) -> Iterator[str]:
    if firewalld.daemon is None:
        return
    for settings in (firewalld.runtime, firewalld.permanent):
        for zone in settings.zones.values():
            yield from _zone_restrictions(firewalld, settings, zone, ports)
        for policy in settings.policies:
            yield from _source_rich_rules(settings, policy, ports)
    for rule in (*firewalld.daemon.direct, *firewalld.daemon.permanent_direct):
        if _DIRECT_SOURCE.search(rule) and _concerns_ports(rule, ports):
            yield f"--direct {rule}"


def _zone_restrictions(
    firewalld: FirewalldView, settings: Settings, zone: Zone, ports: tuple[int, ...]
) -> Iterator[str]:
    """Yield the zone's sources, whatever the zone does with them, and its interfaces to other
    networks if it opens one of the ports."""
    if not _covers_all_addresses(settings, zone.sources):
        yield from (f"--zone={zone.name} --add-source={source}" for source in zone.sources)
    yield from _source_rich_rules(settings, zone, ports)
    opens_ports = any(
        port in port_range and port_range.protocol == "tcp"
        for port in ports
        for port_range in zone.opens
    )
    if opens_ports and zone.target != "ACCEPT":
        default_interfaces = {nic.name for nic in firewalld.nics if nic.default}
        other_interfaces = {nic.name for nic in firewalld.nics} - default_interfaces - {"lo"}
        zone_interfaces = (
            interface for interface in zone.interfaces if interface in other_interfaces
        )
        yield from (
            f"--zone={zone.name} --add-interface={interface}" for interface in zone_interfaces
        )


def _source_rich_rules(
    settings: Settings, zone_or_policy: Zone | Policy, ports: tuple[int, ...]
) -> Iterator[str]:
    for rule in map(rich_rule, zone_or_policy.rich_rules):
        concerns_ports = any(is_about_port(rule, port, settings.opens) for port in ports)
        if concerns_ports and rule.source and not _is_any_source(settings, rule.source):
            yield rule.text


def _is_any_source(settings: Settings, source: AddressMatch) -> bool:
    return not source.inverted and _covers_all_addresses(settings, (source.name,))


def _covers_all_addresses(settings: Settings, sources: Iterable[str]) -> bool:
    """Return whether the sources cover all addresses of an IP family, or whether there are none."""
    members = [
        member
        for source in sources
        for member in (settings.members(source[6:]) if source.startswith("ipset:") else (source,))
    ]
    source_names = list(sources)
    try:
        spans = [(":" in member, address_span(member)) for member in members]
    except ValueError:  # a MAC address or a redacted one
        return False
    if not spans:
        return not source_names
    families = {is_ipv6 for is_ipv6, _ in spans}
    return all(
        not difference(
            UNICAST6 if is_ipv6 else UNICAST4,
            region(span for span_is_ipv6, span in spans if span_is_ipv6 is is_ipv6),
        )
        for is_ipv6 in families
    )


def _concerns_ports(rule: str, ports: tuple[int, ...]) -> bool:
    """Return whether a direct rule concerns one of these ports, or all ports."""
    match = _DIRECT_PORT.search(rule)
    if not match:
        return True
    spans = (part.partition(":") for part in match[1].split(","))
    bounds = [
        (whole_number(low), whole_number(high if colon else low)) for low, colon, high in spans
    ]
    return any(
        low is None or high is None or low <= port <= high for low, high in bounds for port in ports
    )
