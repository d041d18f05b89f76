"""cloud.security-group-denies: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Manual
from diagnose.model.visitor import Visitor
from tests.support.aliyun_state import CONSOLE_DEFAULT, rule
from tests.support.check_evidence import judge
from tests.support.cloud_evidence import group_rules, silent
from tests.support.server_tcp_evidence import host, nic
from tests.support.tcp_evidence import attempt

CHECK = "cloud.security-group-denies"
OK = rule("ok", "443/443", Priority="100")


def test_fires_for_a_drop_before_the_rule_that_allows() -> None:
    drop = rule("no", "-1/-1", "Drop", IpProtocol="ALL", Priority="50")
    (claim,) = judge(CHECK, group_rules(drop, OK), *silent())
    assert claim.facts["rules"] == ("`Drop 50 ALL -1/-1 0.0.0.0/0`",)
    assert claim.facts["outranked"] == ("`Accept 100 TCP 443/443 0.0.0.0/0`",)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "49" in step.commands[0].argv  # type: ignore[union-attr]


def test_fires_with_the_removal_where_nothing_can_come_before_it() -> None:
    (claim,) = judge(CHECK, group_rules(rule("no", "443/443", "Drop"), OK), *silent())
    assert claim.fix is not None
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["remove-rule"]


def test_fires_for_a_visitor_on_a_list() -> None:
    blocked = rule("bad", "443/443", "Drop", SourceCidrIp="198.51.100.0/24", Priority="9")
    visitor = Visitor(address="198.51.100.7")
    assert judge(CHECK, visitor, group_rules(blocked, OK), *silent(), masked=False)


def test_silent_for_a_network_that_is_kept_out_on_purpose() -> None:
    """It is not known to be the visitor's."""
    blocked = rule("bad", "443/443", "Drop", SourceCidrIp="192.0.2.0/24", Priority="9")
    rules = group_rules(blocked, OK)
    behind_nat = [replace(each, source="192.168.1.5") for each in silent()]
    assert not judge(CHECK, rules, *behind_nat, masked=False)
    assert not judge(CHECK, host("local"), nic(), rules, attempt(), masked=False)


def test_silent_for_a_long_list_that_keeps_a_small_part_out() -> None:
    """What is open is most of the internet, in more networks than a verdict names."""
    networks = [f"1.0.{i}.{part}" for i in range(70) for part in ("0/25", "128/26")]
    blocked = [
        rule(network, "443/443", "Drop", SourceCidrIp=network, Priority="9") for network in networks
    ]
    behind_nat = [replace(each, source="192.168.1.5") for each in silent()]
    assert not judge(CHECK, group_rules(*blocked, OK), *behind_nat, masked=False)


def test_silent_where_no_rule_is_about_the_port() -> None:
    assert not judge(CHECK, group_rules(*CONSOLE_DEFAULT), *silent())


def test_silent_where_the_drop_comes_later() -> None:
    assert not judge(
        CHECK,
        group_rules(rule("ok", "443/443"), rule("no", "443/443", "Drop", Priority="2")),
        *silent(),
    )
