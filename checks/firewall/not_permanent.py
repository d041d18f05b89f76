"""What `firewall-cmd` opens without `--permanent` is gone after a reload or a boot
(firewall-cmd(1))."""

from collections.abc import Iterator

from checks.firewall import Entry, Rules, about, covers, facts, opening_for_good, ports_that_matter
from diagnose.catalogue import check
from diagnose.model import Claim, Command, Evidence, Fix, Severity
from diagnose.model.server import Firewalld, Zone


@check(severity=Severity.WARNING, needs=[Firewalld, Zone])
def not_permanent(evidence: Evidence) -> Iterator[Claim]:
    rules = Rules(evidence)
    for entry in rules.entries():
        later = entry.later
        if later is None:
            continue
        ports = tuple(
            port
            for port in ports_that_matter(evidence)
            if rules.opens(entry.zone, port) and not rules.admits(later, port)
        )
        if ports:
            yield Claim(
                about=about(entry, ports),
                covers=covers(entry, ports),
                because=(entry.zone, later),
                facts={**facts(entry, ports), "later": later.name, "drops": later.target == "DROP"},
                fix=_fix(rules, entry, later, ports),
            )


def _fix(rules: Rules, entry: Entry, later: Zone, ports: tuple[int, ...]) -> Fix:
    """Write down what is in force: the rich rules that let the ports in, if they do, else the
    ports themselves."""
    words = ("firewall-cmd", "--permanent", f"--zone={later.name}")
    rich = [
        rule
        for rule in entry.zone.rich_rules
        if any(rules.rule_admits(rule, port) for port in ports)
    ]
    if not rich or any(entry.zone.admits(port) for port in ports):
        return opening_for_good(rules, later.name, ports)
    return Fix(
        tuple(
            Command(
                (*words, f"--add-rich-rule={rule}"), undo=(*words, f"--remove-rich-rule={rule}")
            )
            for rule in rich
        )
    )
