"""What the netfilter checks claim of rules that block."""

from checks.firewall._blockages import Fault, blockage_groups
from checks.firewall._netfilter import Blockage, NetfilterView
from checks.firewall._netfilter_claims import claim, facts, opening_question, severity, subject_of
from checks.firewall._netfilter_fixes import opening_fix
from diagnose.model import Applicability, Claim, Confidence, Observation, Severity, Subject
from diagnose.model.tcp import Connection
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import ADDRESS, connected, host, listening, nic
from tests.support.packets import (
    ACCEPT,
    CLIENT,
    DROP,
    answers,
    commands,
    dport,
    field,
    file,
    from_outside,
    nft,
    prefix,
    saved,
    served,
)

SIX = "2001:db8::10"
SHUT = nft([dport({"set": [80, 443]}), DROP], [dport(443), ACCEPT])


def blocked(
    *observations: Observation, fault: Fault = "ruleset-blocks"
) -> tuple[NetfilterView, tuple[Blockage, ...]]:
    view = NetfilterView(evidence(*observations))
    (group,) = blockage_groups(view, fault)
    return view, group


def claimed(*observations: Observation) -> Claim:
    view, group = blocked(*observations)
    return claim(view, group, opening_fix(view, group))


def test_one_claim_covers_each_address_and_port() -> None:
    said = claimed(*served(SHUT))
    assert str(said.about) == "nft inet filter input, 443/tcp, 80/tcp"
    assert set(said.covers) == {Subject(address=ADDRESS, port=port) for port in (80, 443)}
    assert (said.severity, said.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert said.because == (SHUT,)


def test_who_got_through_makes_it_a_doubt_and_who_failed_proves_it() -> None:
    good = connected()
    doubtful = claimed(host("ssh://web"), nic(), listening(443), good, SHUT)
    assert (doubtful.severity, doubtful.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    assert good in doubtful.because
    seen = from_outside(SHUT)
    (failed,) = (observation for observation in seen if isinstance(observation, Connection))
    assert failed in claimed(*seen).because


def test_a_port_on_which_nothing_listens_is_not_opened() -> None:
    said = claimed(host(), nic(), listening(22), connected(), SHUT)
    assert said.fix is not None
    assert said.fix.applicability is Applicability.MANUAL


def test_where_rules_name_a_source_a_person_is_asked() -> None:
    office = [field("ip", "saddr", prefix("192.0.2.0", 24)), dport(443), DROP]
    said = claimed(*served(nft(office, [dport(443), DROP])))
    assert said.fix is not None
    assert (said.fix.applicability, commands(said)) == (Applicability.REVIEW, [])
    assert said.facts["restricted"] == ("`ip saddr 192.0.2.0/24 tcp dport 443 drop`",)
    narrow, wide = answers(said)
    assert all("ip saddr ADDRESS" in line for line in narrow)
    assert not any("ADDRESS" in line for line in wide)


def test_the_client_that_failed_is_the_one_to_let_in() -> None:
    view, group = blocked(*from_outside(SHUT))
    question = opening_question(view, group, opening_fix(view, group))
    first = question.steps[0]
    assert f"ip saddr {CLIENT} tcp dport 443 accept" in " ".join(first.argv)  # type: ignore[union-attr]


def test_one_open_address_or_a_blocked_redirect_is_a_warning() -> None:
    four = nft([field("ip", "daddr", ADDRESS), dport(443), DROP])
    both = (host(), nic("eth0", ADDRESS, SIX), listening(443), connected(), connected(SIX), four)
    view, group = blocked(*both)
    assert (severity(view, group), facts(view, group)["family"]) == (Severity.WARNING, "IPv4")
    view, group = blocked(*served(nft([dport(80), DROP])))
    assert (severity(view, group), subject_of(group).port) == (Severity.WARNING, 80)


def test_the_facts_name_the_rule_and_how_to_see_it() -> None:
    known = facts(*blocked(*served(SHUT)))
    assert known["rules"] == ("`inet filter input: tcp dport { 80, 443 } drop`",)
    assert known["behind"] == "tcp dport 443 accept"
    assert known["show"] == "nft -a list chain inet filter input"
    assert (known["iptables"], known["owner"], known["family"]) == (False, "", "")


def test_the_facts_of_a_policy_of_iptables_in_a_file() -> None:
    path, text = "/etc/iptables/rules.v4", "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
    known = facts(*blocked(*served(saved(policy="DROP"), file(path, text))))
    assert (known["rules"], known["files"]) == (("`iptables -P INPUT DROP`",), (path,))
    assert known["show"] == "iptables -nvL INPUT --line-numbers"
    assert (known["rule"], known["drops"], known["legacy"]) == ("", True, False)
