"""Ports that firewalld lets some addresses in to by rich rules, and nobody else."""

from collections.abc import Iterator

from checks.firewall import about, covers, facts
from checks.firewalld import Fate, Rules, ports_that_matter, rules_of, through_the_network
from checks.firewalld_fixes import opening_place
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
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
            kept = rules.some(fate, "accept") and not (fate.later and fate.later.admits)
            if kept and not (fate.now.admits or fate.now.rule or fate.now.policy):
                groups.setdefault(fate.now.entered.zone.name, []).append(fate)
    for fates in groups.values():
        yield _claim(evidence, rules, tuple(fates))


def _claim(evidence: Evidence, rules: Rules, fates: tuple[Fate, ...]) -> Claim:
    zone = fates[0].now.entered.zone
    accepting = {rule.text: rule for fate in fates for rule in rules.some(fate, "accept")}
    named = tuple(rule.source.name for rule in accepting.values() if rule.source)
    told = facts(fates)
    ports = tuple(dict.fromkeys(fate.port for fate in fates))
    reached = tuple(one for port in ports for one in through_the_network(evidence, port))
    private = all(is_private(fate.address) for fate in fates if fate.address)
    meant = not rules.visitor and (bool(reached) or private)
    target = evidence.target.port in ports
    serious = Severity.ERROR if target else Severity.WARNING
    steps = opening_place(rules, f"--zone={zone.name}", ports)
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
        },
        fix=Fix(steps, Applicability.REVIEW),
    )
