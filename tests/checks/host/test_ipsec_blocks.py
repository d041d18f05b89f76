"""host.ipsec-blocks: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model.packet_paths import IpsecPolicies, IpsecPolicy
from diagnose.model.visitor import Visitor
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.firewall_rules import ADDRESS, connected, host, nic

CHECK = "host.ipsec-blocks"
BLOCK = IpsecPolicy("in", "0.0.0.0/0", f"{ADDRESS}/32", "tcp", 0, 443, blocks=True, text="x")
VPN = IpsecPolicy("out", f"{ADDRESS}/32", "0.0.0.0/0", priority=5, protected=True)


def judged(*policies: IpsecPolicy, **fields):  # type: ignore[no-untyped-def]
    return judge(CHECK, host(), nic(), connected(), IpsecPolicies(policies=policies), **fields)


def test_fires_where_visitors_are_blocked() -> None:
    (claim,) = judged(BLOCK)
    assert (claim.facts["blocks"], claim.facts["replies"]) == (True, False)


def test_fires_where_replies_have_to_be_protected() -> None:
    (claim,) = judged(VPN)
    assert claim.facts["replies"]


def test_fires_for_the_visitor_who_is_asked_about() -> None:
    policy = replace(BLOCK, source="198.51.100.0/24", blocks=False, protected=True)
    assert not judged(policy)
    observations = (host(), nic(), connected(), IpsecPolicies(policies=(policy,)))
    (claim,) = judge(CHECK, *observations, Visitor(address="198.51.100.7"))
    assert claim.facts["visitor"] == "198.51.100.7"


def test_silent_where_an_earlier_policy_lets_them_pass() -> None:
    passes = IpsecPolicy("out", f"{ADDRESS}/32", "0.0.0.0/0", priority=1)
    assert not judged(passes, VPN)


def test_silent_about_other_ports_protocols_and_networks() -> None:
    assert not judged(replace(BLOCK, destination_port=1701))
    assert not judged(replace(BLOCK, protocol="udp"))
    assert not judged(replace(BLOCK, source="10.0.0.0/8"))
    assert not judged(replace(BLOCK, destination="10.8.0.1/32"))
    assert not judged(replace(BLOCK, source="rubbish"))


def test_silent_where_a_visitor_got_an_answer() -> None:
    policies = IpsecPolicies(policies=(BLOCK,))
    assert not judge(CHECK, host("ssh://web"), nic(), connected(), policies)
    assert judge(CHECK, host("ssh://web"), nic(), connected(failure=TIMEOUT), policies)


def test_fires_where_the_resolver_is_cut_off_as_well() -> None:
    (claim,) = judge(CHECK, host(), nic(), IpsecPolicies(policies=(VPN,)))
    assert claim.facts["address"] == ADDRESS
