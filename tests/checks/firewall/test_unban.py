import pytest

from checks.firewall import _unban
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from diagnose.model import Applicability, Command, Observation
from tests.support.check_evidence import evidence
from tests.support.packets import CLIENT, DROP, dport, field, from_outside, nft, prefix


def blocked(*observations: Observation) -> tuple[NetfilterView, tuple[Blockage, ...]]:
    view = netfilter_view(evidence(*from_outside(*observations)))
    blockages = view.blockages(443, CLIENT)
    assert blockages
    return view, blockages


def argv(*observations: Observation) -> list[str]:
    fix = _unban.unban_fix(*blocked(*observations))
    assert fix.applicability is Applicability.REVIEW
    return [" ".join(step.argv) for step in fix.steps if isinstance(step, Command)]


def test_an_address_in_a_set_is_taken_out_of_it() -> None:
    sets = ({"name": "banned", "type": "ipv4_addr", "elem": [CLIENT, "192.0.2.9"]},)
    rule = [field("ip", "saddr", "@banned"), DROP]
    assert argv(nft(rule, sets=sets)) == [f"nft delete element inet filter banned {{ {CLIENT} }}"]


def test_a_rule_about_the_address_alone_goes() -> None:
    assert argv(nft([field("ip", "saddr", CLIENT), DROP])) == [
        "nft delete rule inet filter input handle 2"
    ]


@pytest.mark.parametrize("match", [field("ip", "saddr", prefix("198.51.100.0", 24)), dport(443)])
def test_before_a_rule_about_more_the_address_is_let_in(match: dict[str, object]) -> None:
    assert argv(nft([match, DROP])) == [
        f"nft insert rule inet filter input handle 2 ip saddr {CLIENT} tcp dport 443 accept"
    ]


def test_crowdsec_deletes_its_decision() -> None:
    sets = ({"name": "crowdsec-blacklists", "type": "ipv4_addr", "elem": [CLIENT]},)
    rule = [field("ip", "saddr", "@crowdsec-blacklists"), DROP]
    observation = nft(rule, table="ip crowdsec", chain="crowdsec-chain", sets=sets)
    assert argv(observation) == [f"cscli decisions delete --ip {CLIENT}"]
