"""A zone bound to a source comes before that of the interface: whoever comes from there is judged
by it alone (firewalld.zones(5)).

Whether it refuses a visitor is known only where the visitor is: the client that looks from
elsewhere, or everybody. Else it is worth a note.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, Closed, _restricted_ports, about, claim, closed, covers, facts
from checks.firewall._firewalld import Fate, Rules, rules_of
from checks.firewall._firewalld_fixes import changed, letting_in, opening
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Command, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.rich_rules import within

#: So many sources are named.
_SHOWN = 5


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def source_zone(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    named = set()
    for found in closed(rules, "source-zone"):
        named.add(found.zone.name)
        sources = _sources(found)
        sets = tuple(one[6:] for one in sources if one.startswith("ipset:"))
        yield claim(
            found,
            rules,
            _fix(rules, found),
            client=found.client,
            sources=sources,
            set=sets[0] if sets else "",
            opens=_opens(found.zone) or not found.client,
            note=False,
        )
    fates = [fate for fate in rules.fates(evidence.target.port) if fate.now.admits]
    for zone in rules.now.zones.values():
        if zone.name not in named and (refused := _refused(rules, zone, fates)):
            yield _note(zone, fates[0], refused)


def _opens(zone: Zone) -> bool:
    """Whether it is a zone that lets some things in, rather than one that shuts out."""
    return bool(zone.opens) or zone.target == "default"


def _sources(found: Closed) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fate.now.entered.source for fate in found.fates))


def _fix(rules: Rules, found: Closed) -> Fix:
    """Open the ports in a zone that opens others, or by which everybody comes; else unbind the
    client, as narrowly as it is bound. To unbind everybody would open all that the interface's
    zone lets in, and to open a port to those who are shut out beside them is not for a program."""
    if _opens(found.zone):
        return opening(rules, found)
    if not found.client:
        alone = set(found.zone.sources) <= set(_sources(found))
        sure = Applicability.AUTOMATIC if alone else Applicability.REVIEW
        return replace(opening(rules, found), applicability=sure)
    steps = (step for fate in found.fates for step in _unbound(rules, fate))
    unbound = Fix(tuple(dict.fromkeys(steps)), Applicability.REVIEW)
    if _is_bound_alone(rules, found):
        return unbound
    # It is bound with others of its network, who stay where they are.
    narrow = letting_in(rules, found.fates, found.client[0])
    return _restricted_ports.question(narrow, unbound, found.client[0])


def _is_bound_alone(rules: Rules, found: Closed) -> bool:
    def entry(fate: Fate) -> str:
        source = fate.now.entered.source
        return _entry(rules, source[6:], fate) if source.startswith("ipset:") else source

    return all(
        entry(fate).removesuffix("/32").removesuffix("/128") == fate.packet.source
        for fate in found.fates
    )


def _unbound(rules: Rules, fate: Fate) -> tuple[Command, ...]:
    source, zone = fate.now.entered.source, fate.now.entered.zone.name
    place, what, later = f"--zone={zone}", f"source={source}", rules.later.zones.get(zone)
    kept = later is not None and source in later.sources
    if source.startswith("ipset:"):
        name = source.removeprefix("ipset:")
        entry = _entry(rules, name, fate)
        place, what = f"--ipset={name}", f"entry={entry}"
        kept = entry in rules.later.members(name)
    return tuple(_unbind(mode, place, what) for mode in (("", "--permanent") if kept else ("",)))


def _unbind(mode: str, place: str, what: str) -> Command:
    return changed(mode, place, (f"--remove-{what}",), (f"--add-{what}",))


def _entry(rules: Rules, name: str, fate: Fate) -> str:
    packet = fate.packet
    entries = rules.now.members(name)
    return next(
        one for one in entries if within(packet.source, one, packet.family, rules.now.members)
    )


def _refused(rules: Rules, zone: Zone, fates: list[Fate]) -> tuple[str, ...]:
    """The zone's sources from which a visitor would be refused who from elsewhere is let in."""
    return tuple(source for source in zone.sources if _is_refused(rules, source, fates))


def _is_refused(rules: Rules, source: str, fates: list[Fate]) -> bool:
    name = source.removeprefix("ipset:")
    given = rules.now.members(name)[:1] if name != source else (source,)
    for one in given:
        address = one.partition("/")[0]
        for fate in rules.fates(fates[0].port, address) if fates else ():
            if fate.now.entered.source == source and not fate.now.admits:
                return True
    return False


def _note(zone: Zone, fate: Fate, refused: tuple[str, ...]) -> Claim:
    more = len(refused) - _SHOWN
    shown = (*refused[:_SHOWN], f"+{more}") if more > 0 else refused
    return Claim(
        about=about(zone, (fate,)),
        covers=covers((fate,)),
        because=(zone,),
        severity=Severity.NOTE,
        facts={
            **facts((fate,)),
            "zone": zone.name,
            "drops": zone.target == "DROP",
            "client": (),
            "iptables": False,
            "sources": shown,
            "set": "",
            "opens": _opens(zone),
            "note": True,
            "contradiction": (),
        },
    )
