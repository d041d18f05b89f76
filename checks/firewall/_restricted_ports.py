"""Ports that rules keep for some addresses, or from some: what restricts them, and the question
that a remedy becomes there.

Whoever opens such a port to everybody may let in whom somebody kept out on purpose. So no program
does it: the first answer lets in one visitor, the second everybody.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks.firewall._firewalld import Rules, rules_of
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual, Step, Where
from diagnose.model.firewall import Policy, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.parsers.firewalld.evaluator import Settings
from diagnose.parsers.firewalld.rich_rules import Place, is_about_port, rich_rule
from diagnose.parsers.netfilter import owners
from diagnose.parsers.netfilter.address_sets import UNICAST4, UNICAST6, outside, region
from diagnose.parsers.netfilter.rules import address

#: Where the visitor is not known a person writes the address. No program takes this for one.
PLACEHOLDER = "ADDRESS"
#: So many rules are named.
SHOWN = 4

_DIRECT_SOURCE = re.compile(
    r"(?:^|\s)(?:-s|--source|--src|--src-range|--match-set|--mac-source|--source-country|--src-cc)\s"
)
_DIRECT_PORT = re.compile(r"--(?:dport|dports|destination-ports?)\s+(\S+)")


def restrictions(evidence: Evidence, ports: Iterable[int]) -> tuple[str, ...]:
    """The rules about these ports that name a source, of all programs and both families."""
    wanted = tuple(dict.fromkeys(ports))
    found = [*_of_firewalld(rules_of(evidence), wanted)]
    if evidence.good(Ruleset):
        from checks.firewall._netfilter import seen_of

        for rule in seen_of(evidence).source_rules(*wanted):
            # What firewalld makes of its own settings has been said in its words.
            if not (found and owners.owner(rule.place) == "firewalld"):
                found.append(rule.text or rule.chain.name)
    return tuple(dict.fromkeys(found))


def words(found: tuple[str, ...]) -> tuple[str, ...]:
    """A few of them, as code."""
    more = len(found) - SHOWN
    return (*(f"`{one}`" for one in found[:SHOWN]), *((f"+{more}",) if more > 0 else ()))


def question(narrow: tuple[Step, ...], wide: Fix, visitor: str = "") -> Fix:
    """Two answers, the narrow one first. Where the visitor is known it can be typed as it stands;
    the other one a person has to choose."""
    everybody = Manual("open-to-everybody", Where.SERVER, commands=_typed(wide.steps))
    if not _typed(narrow):
        return replace(wide, steps=(everybody,), applicability=Applicability.REVIEW)
    if visitor:
        return Fix((*narrow, everybody), Applicability.REVIEW)
    one = Manual("open-to-one", Where.SERVER, commands=_typed(narrow))
    return Fix((one, everybody), Applicability.REVIEW)


def is_opening(fix: Fix | None) -> bool:
    """Whether a program could carry it out as it stands."""
    automatic = fix is not None and fix.applicability is Applicability.AUTOMATIC
    return automatic and bool(fix and _typed(fix.steps))


def _typed(steps: tuple[Step, ...]) -> tuple[Command | Edit, ...]:
    return tuple(one for one in steps if not isinstance(one, Manual))


# firewalld


def _of_firewalld(rules: Rules, ports: tuple[int, ...]) -> Iterator[str]:
    if rules.daemon is None:
        return
    for settings in (rules.now, rules.later):
        for zone in settings.zones.values():
            yield from _of_zone(rules, settings, zone, ports)
        for policy in settings.policies:
            yield from _rich_rules(settings, policy, ports)
    for rule in (*rules.daemon.direct, *rules.daemon.permanent_direct):
        if _DIRECT_SOURCE.search(rule) and _names(rule, ports):
            yield f"--direct {rule}"


def _of_zone(rules: Rules, settings: Settings, zone: Zone, ports: tuple[int, ...]) -> Iterator[str]:
    """Its sources, whatever it does with them; another network's interface, where the zone opens
    the port for it."""
    if not _all_of_them(settings, zone.sources):
        yield from (f"--zone={zone.name} --add-source={one}" for one in zone.sources)
    yield from _rich_rules(settings, zone, ports)
    opened = any(port in one and one.protocol == "tcp" for port in ports for one in zone.opens)
    if opened and zone.target != "ACCEPT":
        own = {nic.name for nic in rules.nics if nic.default}
        there = {nic.name for nic in rules.nics} - own - {"lo"}
        others = (one for one in zone.interfaces if one in there)
        yield from (f"--zone={zone.name} --add-interface={one}" for one in others)


def _rich_rules(settings: Settings, place: Zone | Policy, ports: tuple[int, ...]) -> Iterator[str]:
    for rule in map(rich_rule, place.rich_rules):
        about = any(is_about_port(rule, port, settings.opens) for port in ports)
        if about and rule.source and not _is_everybody(settings, rule.source):
            yield rule.text


def _is_everybody(settings: Settings, source: Place) -> bool:
    return not source.other and _all_of_them(settings, (source.name,))


def _all_of_them(settings: Settings, sources: Iterable[str]) -> bool:
    """Whether these are all addresses of a family, or there are none."""
    listed = [
        one
        for source in sources
        for one in (settings.members(source[6:]) if source.startswith("ipset:") else (source,))
    ]
    named = list(sources)
    try:
        spans = [(":" in one, address(one)) for one in listed]
    except ValueError:  # a MAC address, a masked one
        return False
    if not spans:
        return not named
    families = {six for six, _ in spans}
    return all(
        not outside(UNICAST6 if six else UNICAST4, region(span for v6, span in spans if v6 is six))
        for six in families
    )


def _names(rule: str, ports: tuple[int, ...]) -> bool:
    """Whether a direct rule is about one of the ports, or about all."""
    found = _DIRECT_PORT.search(rule)
    if not found:
        return True
    spans = (part.partition(":") for part in found[1].split(","))
    return any(
        not (low.isdigit() and (not colon or high.isdigit()))
        or int(low) <= port <= int(high if colon else low)
        for low, colon, high in spans
        for port in ports
    )
