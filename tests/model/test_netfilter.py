from diagnose.model.netfilter import Ruleset, RulesFile
from tests.support.summaries import summary_text

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
    assert summary_text(Ruleset(tool="iptables", text=SAVED)) == ("rules (iptables)", "2 rules")
    assert summary_text(Ruleset(tool="nft", text=JSON)) == ("rules (nft)", "1 rule")


def test_chains_and_tables_are_no_rules() -> None:
    chains = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    assert summary_text(Ruleset(tool="ip6tables-legacy", text=chains))[1] == "0 rules"
    assert summary_text(Ruleset(tool="nft"))[1] == "0 rules"


def test_a_file_has_so_many_lines() -> None:
    assert summary_text(RulesFile(path="/etc/iptables/rules.v4", text=SAVED))[1] == "5 lines"
    assert summary_text(RulesFile(path="/etc/nftables.conf"))[1] == "0 lines"
