"""A rich rule that rejects or drops comes before all that its zone opens, and one of negative
priority before everything (firewalld.richlanguage(5))."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import EXPLAINS, Closed, _restricted_ports, about, claim, closed, covers, facts
from checks.firewall._firewalld import Rules, rules_of
from checks.firewall._firewalld_fixes import (
    LOWEST,
    excepting,
    has_priorities,
    is_about_only,
    letting_in,
    removing,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.rich_rules import RichRule
from diagnose.parsers.firewalld.rich_rules import rich_rule as parts

#: So many sources are named.
_SHOWN = 5


@check(severity=Severity.ERROR, needs=[Firewalld, Zone], explains=EXPLAINS)
def rich_rule(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    named = set()
    for found in closed(rules, "rich-rule"):
        rule = parts(found.now.rule)
        named.add(rule.text)
        fix, excepted = lifting(rules, found)
        yield claim(
            found,
            rules,
            fix,
            excepted=excepted,
            rule=rule.text,
            client=found.client,
            limited=rule.limited,
            early=rule.priority < 0,
            sources=(),
            refused=_looks_closed(rule),
            unlisted=not rules.without(found.fates[0]).admits,
        )
    yield from _notes(rules, named)


def lifting(rules: Rules, found: Closed) -> tuple[Fix, bool]:
    """Take away the rule that decides, where it is about nothing else; else let the ports in
    before it, and it stays (True). A client alone is let in before a rule about more than it."""
    fate, rule = found.fates[0], parts(found.now.rule)
    removed = Fix(removing(rules, fate))
    if found.client:
        alone = len(found.client) == 1 and rule.source is not None
        alone = alone and rule.source is not None and rule.source.name == found.client[0]
        if alone:
            return replace(removed, applicability=Applicability.REVIEW), False
        one = letting_in(rules, found.fates, found.client[0])
        return _restricted_ports.question(one, removed, found.client[0]), False
    if is_about_only(rule.text, found.ports, rules):
        return removed, False
    if not has_priorities(rules) or rule.priority <= LOWEST:
        return replace(removed, applicability=Applicability.REVIEW), False
    steps = (step for fate in found.fates for step in excepting(rules, fate))
    return Fix(tuple(dict.fromkeys(steps))), True


def _looks_closed(rule: RichRule) -> bool:
    """Whether it answers as a port does on which nothing listens, which is the default."""
    how = re.search(r'\breject type="([^"]*)"', rule.text)
    return rule.action == "reject" and (not how or "port" in how[1] or "tcp" in how[1])


def _notes(rules: Rules, named: set[str]) -> Iterator[Claim]:
    """Rules that refuse some only."""
    fates = [one for one in rules.fates(rules.evidence.target.port) if one.now.admits]
    kept = {
        rule.text: rule
        for fate in fates
        for action in ("reject", "drop")
        for rule in rules.some(fate, action)
        if rule.text not in named and not fate.now.policy
    }
    if kept:
        zone, refusing = fates[0].now.entered.zone, tuple(kept.values())
        sources = tuple(rule.source.name for rule in refusing if rule.source)
        more = len(sources) - _SHOWN
        yield Claim(
            about=about(zone, tuple(fates)),
            covers=covers(fates),
            because=(zone,),
            severity=Severity.NOTE,
            facts={
                **facts(tuple(fates)),
                "drops": all(rule.action == "drop" for rule in refusing),
                "rule": refusing[0].text,
                "client": (),
                "limited": refusing[0].limited,
                "early": False,
                "refused": False,
                "unlisted": False,
                "excepted": False,
                "sources": (*sources[:_SHOWN], f"+{more}") if more > 0 else sources,
                "contradiction": (),
            },
        )
