"""Ports that firewalld lets some addresses in to by rich rules, and nobody else."""

from collections.abc import Iterator

from checks.firewall import (
    NOTHING_LISTENS,
    _restricted_ports,
    about,
    covers,
    facts,
    fault_of,
    is_kept,
    unused,
    visitor_of,
)
from checks.firewall._firewalld import Fate, Rules, ports_that_matter, rules_of, through_the_network
from checks.firewall._firewalld_fixes import excepting, letting_in, opening_place
from diagnose.model import Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.dns import is_private

#: So many networks are named.
SHOWN = 6


def by_firewalld(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    groups: dict[str, list[Fate]] = {}
    for port in ports_that_matter(evidence):
        for fate in rules.fates(port):
            theirs = rules.fates(port, rules.visitor) if rules.visitor else ()
            if any(one.address == fate.address and one.now.admits for one in theirs):
                continue
            if not fate.now.admits and is_kept(rules, fate, fault_of(rules, fate)):
                groups.setdefault(fate.now.entered.zone.name, []).append(fate)
    for fates in groups.values():
        yield _claim(evidence, rules, tuple(fates))


def _claim(evidence: Evidence, rules: Rules, fates: tuple[Fate, ...]) -> Claim:
    zone = fates[0].now.entered.zone
    accepting = dict(one for fate in fates for one in rules.kept_for(fate))
    named = tuple(dict.fromkeys(accepting.values()))
    told = facts(fates)
    ports = tuple(dict.fromkeys(fate.port for fate in fates))
    reached = tuple(one for port in ports for one in through_the_network(evidence, port))
    private = all(is_private(fate.address) for fate in fates if fate.address)
    meant = not rules.visitor and (bool(reached) or private)
    target = evidence.target.port in ports
    serious = Severity.ERROR if target else Severity.WARNING
    visitor = visitor_of(rules, fates)
    narrow = letting_in(rules, fates, visitor or _restricted_ports.PLACEHOLDER)
    fix = _restricted_ports.question(narrow, _opening(rules, fates, ports), visitor)
    return Claim(
        about=about(zone, fates),
        covers=covers(fates),
        because=(zone, *reached),
        confidence=Confidence.POSSIBLE if meant else Confidence.LIKELY,
        severity=Severity.NOTE if meant else serious,
        facts={
            **told,
            "client": "",
            "jail": "",
            "owner": "firewalld",
            "sources": named[:SHOWN],
            "more": max(len(named) - SHOWN, 0),
            "family": "IPv6" if told["ipv6"] else "",
            "rules": tuple(f"`{text}`" for text in list(accepting)[:3]),
            "files": (),
            "meant": meant,
            "contradiction": (),
            "show": f"firewall-cmd --zone={zone.name} --list-all",
            "restricted": _restricted_ports.words(_restricted_ports.restrictions(evidence, ports)),
        },
        fix=NOTHING_LISTENS if unused(evidence, ports) else fix,
    )


def _opening(rules: Rules, fates: tuple[Fate, ...], ports: tuple[int, ...]) -> Fix:
    """What opens the port to everybody: before a rule that refuses, else where strangers enter."""
    now = fates[0].now
    if now.rule:
        return Fix(tuple(dict.fromkeys(one for fate in fates for one in excepting(rules, fate))))
    place = f"--policy={now.policy.name}" if now.policy else f"--zone={now.entered.zone.name}"
    return Fix(opening_place(rules, place, ports))
