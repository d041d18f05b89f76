import pytest

from diagnose.parsers.netfilter import owners
from diagnose.parsers.netfilter.ruleset import RulePosition, load_ruleset
from tests.support.packets import ACCEPT, dport, ruleset


def position(table: str = "inet filter", chain: str = "input") -> RulePosition:
    text = ruleset([dport(443), ACCEPT], table=table, chain=chain)
    loaded = load_ruleset((("nft", text),))
    (found,) = loaded.positions_of(
        [
            rule
            for loaded_table in loaded.rules.tables
            for loaded_chain in loaded_table.chains.values()
            for rule in loaded_chain.rules
        ]
    )
    return found


@pytest.mark.parametrize(
    ("table", "chain", "owner"),
    [
        ("inet firewalld", "filter_INPUT", "firewalld"),
        ("inet f2b-table", "f2b-chain", "fail2ban"),
        ("ip filter", "ufw-user-input", "ufw"),
        ("ip filter", "DOCKER-USER", "docker"),
        ("inet netavark", "INPUT", "podman"),
        ("ip filter", "KUBE-FORWARD", "kubernetes"),
        ("ip crowdsec", "crowdsec-chain", "crowdsec"),
        ("ip filter", "LOCALINPUT", "csf"),
        ("ip filter", "LOGDROPIN", "csf"),
        ("inet filter", "input", "hand"),
    ],
)
def test_a_rule_is_known_by_its_table_or_chain(table: str, chain: str, owner: str) -> None:
    assert owners.owner(position(table, chain)) == owner


def test_the_jail_stands_in_the_chain_or_in_the_set() -> None:
    assert owners.jail(position(chain="f2b-nginx")) == "nginx"
    assert owners.jail(position(chain="fail2ban-web")) == "web"
    assert owners.jail(position(table="inet f2b-table", chain="f2b-chain")) == ""
