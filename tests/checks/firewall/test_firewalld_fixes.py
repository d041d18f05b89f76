"""firewall-cmd, now and permanently (firewall-cmd(1), firewalld.richlanguage(5))."""

from collections.abc import Iterable

import pytest

from checks.firewall._firewalld import FirewalldView, VisitorOutcome
from checks.firewall._firewalld_fixes import (
    allow_commands,
    exception_commands,
    has_priorities,
    is_about_only,
    opening_fix,
    port_option,
    removal_commands,
)
from checks.firewall._refusals import refusals
from diagnose.model import Command, Observation, Risk, Step
from diagnose.model.firewall import PortRange
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import HTTP, HTTPS, SSH, both, policies, server, zone

REJECT = 'rule family="ipv4" port port="443" protocol="tcp" reject'
SHUT = zone("public", SSH)
FIRST = f'rule priority="-32768" {REJECT.removeprefix("rule ")}'
FORWARD = "port=443:proto=tcp:toport=8443:toaddr="


def view(*zones: Observation, **daemon: object) -> FirewalldView:
    return FirewalldView(evidence(*server(*zones, **daemon)))


def public(*rules: str, **fields: object) -> FirewalldView:
    return view(*both("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=rules, **fields))


def outcome(firewalld: FirewalldView) -> VisitorOutcome:
    (one,) = firewalld.outcomes(443)
    return one


def typed(steps: Iterable[Step]) -> list[str]:
    return [
        " ".join(step.argv).removeprefix("firewall-cmd ")
        for step in steps
        if isinstance(step, Command)
    ]


def test_a_port_is_opened_by_a_reload_only_where_that_changes_nothing_else() -> None:
    shut = both("public", SSH, HTTP, interfaces=("eth0",))
    more = zone("public", SSH, HTTP, PortRange(9999, 9999, "tcp"), interfaces=("eth0",))
    for zones, second in ((shut, "--reload"), ((more, shut[1]), "--permanent")):
        firewalld = view(*zones)
        (refusal,) = refusals(firewalld, "port-closed")
        opened = typed(opening_fix(firewalld, refusal).steps)
        assert any("--zone=public --add-service=https" in line for line in opened)
        assert opened[1].startswith(second)


def test_a_service_is_named_where_it_is_that_port_and_no_other() -> None:
    odd = (("https", (HTTPS, PortRange(8443, 8443, "tcp"))), ("http", (PortRange(80, 80, "udp"),)))
    assert port_option(public(), 443) == "--add-service=https"
    assert port_option(public(), 80, "remove") == "--remove-service=http"
    assert port_option(public(), 8080) == "--add-port=8080/tcp"
    strange = view(*both("public", SSH), services=odd)
    assert port_option(strange, 443) == "--add-port=443/tcp"
    assert port_option(strange, 80) == "--add-port=80/tcp"


def test_a_rule_is_removed_now_and_in_the_files_as_it_is_written_there() -> None:
    written = REJECT.replace('"443"', "443")
    now = zone("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(REJECT,))
    later = zone("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(written,), permanent=True)
    firewalld = view(now, later)
    assert typed(removal_commands(firewalld, outcome(firewalld))) == [
        f"--zone=public --remove-rich-rule={REJECT}",
        f"--permanent --zone=public --remove-rich-rule={written}",
    ]


def test_a_port_that_stays_shut_without_the_rule_is_opened_too() -> None:
    firewalld = view(*both("public", HTTP, interfaces=("eth0",), rich_rules=(REJECT,)))
    removed = typed(removal_commands(firewalld, outcome(firewalld)))
    assert removed[2:] == [
        "--zone=public --add-service=https", "--permanent --zone=public --add-service=https",
    ]  # fmt: skip


def test_one_visitor_is_let_in_before_the_rule_and_its_priority_has_an_end() -> None:
    firewalld = public(REJECT)
    narrow = allow_commands((outcome(firewalld),), "192.0.2.7")
    rule = (
        'rule priority="-1" family="ipv4" source address="192.0.2.7" '
        'port port="443" protocol="tcp" accept'
    )
    assert typed(narrow) == [
        f"--zone=public --add-rich-rule={rule}",
        f"--permanent --zone=public --add-rich-rule={rule}",
    ]
    assert {step.risk for step in narrow} == {Risk.OPENS_TO_SOME}
    assert narrow[0].undo == ("firewall-cmd", "--zone=public", f"--remove-rich-rule={rule}")
    firewalld = public(FIRST)
    (now, _) = allow_commands((outcome(firewalld),), "192.0.2.7")
    assert 'priority="-32768"' in now.argv[-1]


def test_an_exception_goes_to_the_policy_that_refuses() -> None:
    guard = policies("guard", target="REJECT")
    firewalld = view(*both("public", HTTPS, interfaces=("eth0",)), *guard)
    rule = 'rule priority="-1" port port="443" protocol="tcp" accept'
    assert typed(exception_commands(outcome(firewalld))) == [
        f"--policy=guard --add-rich-rule={rule}",
        f"--permanent --policy=guard --add-rich-rule={rule}",
    ]


@pytest.mark.parametrize(
    ("rule", "is_so"),
    [
        (REJECT, True),
        ('rule service name="https" reject', True),
        ('rule service name="unknown" reject', False),
        ('rule port port="443-444" protocol="tcp" reject', False),
        ('rule port port="443" protocol="udp" reject', False),
        ('rule family="ipv4" reject', False),
        (FORWARD, True),
        (FORWARD.replace("tcp", "udp"), False),
        ("port=440-443:proto=tcp:toport=8443:toaddr=", False),
    ],
)
def test_whether_a_rule_is_about_the_port_alone(rule: str, is_so: bool) -> None:
    assert is_about_only(rule, (443,), public()) is is_so


def test_rich_rules_have_priorities_since_0_7() -> None:
    versions = {"0.6.3": False, "0.7.0": True, "0.10.1": True, "2.1": True, "": True}
    assert {
        version: has_priorities(view(SHUT, version=version)) for version in versions
    } == versions
