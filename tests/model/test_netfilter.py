from diagnose.model.netfilter import Ruleset, RulesFile

SAVED = """\
*filter
:INPUT DROP [0:0]
[12:640] -A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
[0:0] -A INPUT -j DROP
COMMIT
"""
JSON = (
    '{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"name": "filter"}}, '
    '{"rule": {"family": "inet", "comment": "-A INPUT"}}]}'
)


def test_the_rules_of_either_format_are_counted() -> None:
    assert Ruleset(tool="iptables", text=SAVED).summary() == ("rules (iptables)", "2 rules")
    assert Ruleset(tool="nft", text=JSON).summary() == ("rules (nft)", "1 rules")


def test_chains_and_tables_are_no_rules() -> None:
    chains = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    assert Ruleset(tool="ip6tables-legacy", text=chains).summary()[1] == "0 rules"
    assert Ruleset(tool="nft").summary()[1] == "0 rules"


def test_a_file_has_so_many_lines() -> None:
    assert RulesFile(path="/etc/iptables/rules.v4", text=SAVED).summary()[1] == "5 lines"
    assert RulesFile(path="/etc/nftables.conf").summary()[1] == "0 lines"
