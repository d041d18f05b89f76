"""cloud.security-group-detached: when it fires, and when it is silent."""

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Manual
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import group_rules, other_group, silent

CHECK = "cloud.security-group-detached"
HTTPS = other_group("sg-https", rule("ok", "443/443"))


def test_fires_for_a_group_that_admits_the_port_and_is_not_attached() -> None:
    (claim,) = judge(CHECK, group_rules(*CONSOLE_DEFAULT, others=(HTTPS,)), *silent())
    assert claim.facts["group"] == "sg-https"
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "attach-group"
    assert "JoinSecurityGroup" in step.commands[0].argv  # type: ignore[union-attr]


def test_explains_that_the_attached_groups_are_closed() -> None:
    observations = (group_rules(*CONSOLE_DEFAULT, others=(HTTPS,)), *silent())
    (claim,), (closed,) = (
        judge(CHECK, *observations),
        judge("cloud.security-group-closed", *observations),
    )
    closed_check = load_check("cloud.security-group-closed")
    cause, symptom = findings([(closed_check, closed), (load_check(CHECK), claim)])
    assert (cause.check.id, symptom.explained_by) == (CHECK, cause.id)


def test_silent_where_no_other_group_admits_the_port() -> None:
    other = other_group("sg-mail", rule("mail", "25/25"))
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT, others=(other,)), *silent())


def test_silent_where_a_rule_drops_the_port() -> None:
    """One more group would not help."""
    drop = rule("no", "443/443", "Drop")
    assert not judge(CHECK, group_rules(drop, others=(HTTPS,)), *silent())
