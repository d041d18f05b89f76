"""What opens a port in netfilter's rules, with the tool that made them."""

from checks.firewall._netfilter import Blockage, NetfilterView
from checks.firewall._netfilter_fixes import allow_steps, opening_fix, replacement_steps
from checks.firewall._restricted_ports import PLACEHOLDER
from diagnose.model import Applicability, Command, Edit, Manual, Observation, Step
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import firewalld
from tests.support.packets import (
    DROP,
    dport,
    file,
    nft,
    place,
    ruleset,
    saved,
    served,
)

RULE = "-A INPUT -p tcp -m tcp --dport 443 -j DROP"
LIMIT = "-A INPUT -p tcp -m tcp --dport 443 -m connlimit --connlimit-above 2 -j DROP"
V4 = "/etc/iptables/rules.v4"


def blocked(*observations: Observation) -> tuple[NetfilterView, tuple[Blockage, ...]]:
    view = NetfilterView(evidence(*served(*observations)))
    return view, view.blockages(443)


def typed(steps: tuple[Step, ...]) -> list[str]:
    return [" ".join(step.argv) for step in steps if isinstance(step, Command)]


def changed(steps: tuple[Step, ...]) -> list[str]:
    """The lines that come and go in files."""
    diffs = [step.diff for step in steps if isinstance(step, Edit)]
    lines = (line for diff in diffs for line in diff.splitlines())
    return [line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"}]


def test_a_rule_about_the_port_alone_goes_and_another_stays() -> None:
    assert typed(opening_fix(*blocked(nft([dport(443), DROP]))).steps) == [
        "nft delete rule inet filter input handle 2"
    ]
    assert typed(opening_fix(*blocked(nft([DROP]))).steps) == [
        "nft insert rule inet filter input handle 2 tcp dport 443 accept"
    ]


def test_a_rule_stays_where_another_would_block_without_it() -> None:
    fix = opening_fix(*blocked(nft([dport(443), DROP], [DROP])))
    assert typed(fix.steps) == ["nft insert rule inet filter input handle 2 tcp dport 443 accept"]


def test_a_rule_that_stops_answers_is_told_from_one_that_stops_questions() -> None:
    view = NetfilterView(evidence(*served(nft([DROP], hook="output"))))
    fix = opening_fix(view, view.blockages(443), replies=True)
    assert typed(fix.steps) == [
        "nft insert rule inet filter input handle 2 tcp sport 443 ct state established accept"
    ]


def test_rules_of_one_chain_of_iptables_are_changed_from_the_bottom() -> None:
    more = "-A INPUT -p tcp -m tcp --dport 80 -j DROP"
    view = NetfilterView(evidence(*served(saved("-A INPUT -i lo -j ACCEPT", more, RULE, LIMIT))))
    both = (*view.blockages(80), *view.blockages(443))
    assert [one.rpartition(" --dport ")[2] for one in typed(opening_fix(view, both).steps)] == [
        "443 -j DROP", "80 -j DROP",
    ]  # fmt: skip


def test_what_a_program_manages_is_left_to_it() -> None:
    fix = opening_fix(*blocked(nft([dport(443), DROP], table="inet crowdsec")))
    assert (fix.applicability, [type(step) for step in fix.steps]) == (
        Applicability.MANUAL, [Manual],
    )  # fmt: skip
    assert allow_steps(*blocked(nft([dport(443), DROP], table="inet crowdsec")), "192.0.2.7") == ()


def test_a_direct_rule_of_firewalld_is_changed_with_firewall_cmd() -> None:
    direct = ("ipv4 filter INPUT 0 -p tcp --dport 443 -j DROP",)
    chain = saved("-A INPUT -j INPUT_direct", RULE.replace("INPUT", "INPUT_direct"),
                  more=":INPUT_direct - [0:0]\n")  # fmt: skip
    daemon = firewalld(direct=direct, permanent_direct=direct, backend="iptables")
    assert typed(opening_fix(*blocked(chain, daemon)).steps) == [
        f"firewall-cmd --direct --remove-rule {direct[0]}",
        f"firewall-cmd --permanent --direct --remove-rule {direct[0]}",
    ]


def test_one_visitor_is_let_in_and_no_placeholder_gets_into_a_file() -> None:
    kept = file(V4, f"*filter\n:INPUT ACCEPT [0:0]\n{RULE}\nCOMMIT\n")
    view, blockages = blocked(saved(RULE), kept)
    steps = allow_steps(view, blockages, "192.0.2.7")
    words = "-s 192.0.2.7 -p tcp -m tcp --dport 443 -j ACCEPT"
    assert (typed(steps), changed(steps)) == (
        [f"iptables -I INPUT 1 {words}"], [f"+-A INPUT {words}"],
    )  # fmt: skip
    assert changed(allow_steps(view, blockages, PLACEHOLDER)) == []


def test_a_rule_is_replaced_now_and_in_its_file() -> None:
    wider = LIMIT.replace("above 2", "above 100")
    files = {V4: f"*filter\n:INPUT ACCEPT [0:0]\n{LIMIT}\nCOMMIT\n"}
    limited = place(saved(LIMIT).text, 0, "INPUT", "iptables")
    odd = place(ruleset([{"new": 1}]), 0)
    steps = replacement_steps(limited, wider, files)
    assert typed(steps) == [f"iptables -R INPUT 1 {wider.removeprefix('-A INPUT ')}"]
    assert changed(steps) == [f"-{LIMIT}", f"+{wider}"]
    assert replacement_steps(odd, "drop", files) == (), "a rule that nft would not make again"
