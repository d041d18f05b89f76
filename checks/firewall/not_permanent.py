"""What `firewall-cmd` changes without `--permanent` is undone by a reload or a boot
(firewall-cmd(1))."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall import about, covers, facts
from checks.firewall._firewalld import Fate, Rules, is_elsewhere, ports_that_matter, rules_of
from checks.firewall._firewalld_fixes import is_about_only, opening_for_good, permanently
from checks.firewall._restricted_ports import restrictions
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.evaluator import Decision


@check(severity=Severity.WARNING, needs=[Firewalld, Zone])
def not_permanent(evidence: Evidence) -> Iterator[Claim]:
    rules = rules_of(evidence)
    groups: dict[tuple[str, str, str], list[Fate]] = {}
    for port in ports_that_matter(evidence):
        for fate in rules.fates(port):
            later = fate.later
            if later and fate.now.admits and not later.admits and not is_elsewhere(evidence, port):
                key = (fate.now.entered.zone.name, later.entered.zone.name, later.rule)
                groups.setdefault(key, []).append(fate)
    for fates in groups.values():
        yield _claim(rules, tuple(fates))


def _claim(rules: Rules, fates: tuple[Fate, ...]) -> Claim:
    now, later = fates[0].now, fates[0].later
    assert later is not None
    place = now.policy or now.entered.zone
    return Claim(
        about=about(now.entered.zone, fates),
        covers=covers(fates),
        because=tuple(dict.fromkeys((place, now.entered.zone, later.entered.zone))),
        facts={
            **facts(fates),
            "later": later.entered.zone.name,
            "drops": later.verdict == "drop",
            "rule": later.rule,
            "policy": later.policy.name if later.policy else "",
        },
        fix=_careful(rules, fates, later, _fix(rules, fates, now, later)),
    )


def _careful(rules: Rules, fates: tuple[Fate, ...], later: Decision, fix: Fix) -> Fix:
    """Whether the files keep the port from some on purpose, a person has to say; and a rule about
    more than the port stands for more."""
    ports = tuple(dict.fromkeys(fate.port for fate in fates))
    broad = later.rule and not is_about_only(later.rule, ports, rules)
    if broad or restrictions(rules.evidence, ports):
        return replace(fix, applicability=Applicability.REVIEW)
    return fix


def _fix(rules: Rules, fates: tuple[Fate, ...], now: Decision, later: Decision) -> Fix:
    """Write down what is in force: take away a rule that is only written, and write what lets
    the ports in: the rich rules or the forward, if they do, else the ports themselves."""
    ports = tuple(dict.fromkeys(fate.port for fate in fates))
    place = f"--zone={later.entered.zone.name}"
    if later.rule:
        kept = f"--policy={later.policy.name}" if later.policy else place
        return Fix((permanently(kept, later.rule, "remove"),))
    if later.policy:
        return opening_for_good(rules, f"--policy={later.policy.name}", ports)
    if now.policy:
        place = f"--policy={now.policy.name}"
    written = tuple(dict.fromkeys(fate.now.rule for fate in fates))
    if all(written):
        return Fix(tuple(permanently(place, rule, "add") for rule in written))
    return opening_for_good(rules, place, ports)
