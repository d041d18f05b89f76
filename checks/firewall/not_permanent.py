"""A change by `firewall-cmd` without `--permanent` is lost at a reload or boot
(firewall-cmd(1))."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._firewalld import FirewalldView, VisitorOutcome, firewalld_view
from checks.firewall._firewalld_claims import facts, subject_of, subjects_of
from checks.firewall._firewalld_fixes import (
    is_about_only,
    permanent_opening_fix,
    permanent_rule_command,
)
from checks.firewall._restricted_ports import restrictions
from checks.firewall._visitors import is_served_elsewhere, relevant_ports
from checks.listener._inner_ports import inner_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.firewall import Firewalld, Zone
from diagnose.parsers.firewalld.evaluator import Decision


@check(severity=Severity.WARNING, needs=[Firewalld, Zone], comes_later=True)
def not_permanent(evidence: Evidence) -> Iterator[Claim]:
    firewalld = firewalld_view(evidence)
    groups: dict[tuple[str, str, str], list[VisitorOutcome]] = {}
    for port in relevant_ports(evidence):
        for outcome in firewalld.outcomes(port):
            after_reload = outcome.after_reload
            if (
                after_reload
                and outcome.runtime.admits
                and not after_reload.admits
                and not is_served_elsewhere(evidence, port)
            ):
                key = (
                    outcome.runtime.zone_match.zone.name,
                    after_reload.zone_match.zone.name,
                    after_reload.rule,
                )
                groups.setdefault(key, []).append(outcome)
    for outcomes in groups.values():
        yield _claim(firewalld, tuple(outcomes))


def _claim(firewalld: FirewalldView, outcomes: tuple[VisitorOutcome, ...]) -> Claim:
    runtime, after_reload = outcomes[0].runtime, outcomes[0].after_reload
    assert after_reload is not None
    zone_or_policy = runtime.policy or runtime.zone_match.zone
    return Claim(
        about=subject_of(runtime.zone_match.zone, outcomes),
        covers=subjects_of(outcomes),
        because=tuple(
            dict.fromkeys((zone_or_policy, runtime.zone_match.zone, after_reload.zone_match.zone))
        ),
        facts={
            **facts(outcomes),
            "later": after_reload.zone_match.zone.name,
            "drops": after_reload.verdict == "drop",
            "rule": after_reload.rule,
            "policy": after_reload.policy.name if after_reload.policy else "",
        },
        fix=_cautious_fix(
            firewalld, outcomes, after_reload, _fix(firewalld, outcomes, runtime, after_reload)
        ),
    )


def _cautious_fix(
    firewalld: FirewalldView, outcomes: tuple[VisitorOutcome, ...], after_reload: Decision, fix: Fix
) -> Fix:
    """Return the fix as automatic or for review.

    A person decides if the files may close the port to some addresses on purpose, if it is none for
    visitors, or if a rule concerns more than this port.
    """
    ports = tuple(dict.fromkeys(outcome.port for outcome in outcomes))
    is_broad = after_reload.rule and not is_about_only(after_reload.rule, ports, firewalld)
    is_inner = inner_port(firewalld.evidence, ports) is not None
    if is_broad or is_inner or restrictions(firewalld.evidence, ports):
        return replace(fix, applicability=Applicability.REVIEW)
    return fix


def _fix(
    firewalld: FirewalldView,
    outcomes: tuple[VisitorOutcome, ...],
    runtime: Decision,
    after_reload: Decision,
) -> Fix:
    """Make the running configuration permanent: remove the rule that is only in the files, and save
    what opens the ports.

    That is the rich rules or the forward if they open the ports, or else the ports themselves.
    """
    ports = tuple(dict.fromkeys(outcome.port for outcome in outcomes))
    scope_option = f"--zone={after_reload.zone_match.zone.name}"
    if after_reload.rule:
        rule_scope = f"--policy={after_reload.policy.name}" if after_reload.policy else scope_option
        return Fix((permanent_rule_command(rule_scope, after_reload.rule, "remove"),))
    if after_reload.policy:
        return permanent_opening_fix(firewalld, f"--policy={after_reload.policy.name}", ports)
    if runtime.policy:
        scope_option = f"--policy={runtime.policy.name}"
    rule_texts = tuple(dict.fromkeys(outcome.runtime.rule for outcome in outcomes))
    if all(rule_texts):
        return Fix(tuple(permanent_rule_command(scope_option, rule, "add") for rule in rule_texts))
    return permanent_opening_fix(firewalld, scope_option, ports)
