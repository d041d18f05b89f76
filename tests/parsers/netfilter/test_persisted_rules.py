"""Where rules stand in files, and what opens a port in them."""

import pytest

from diagnose.model import Command, Edit
from diagnose.parsers.netfilter import owners, persisted_rules, remedies
from diagnose.parsers.netfilter.remedies import Opening
from tests.support.packets import ACCEPT, DROP, dport, place, ruleset, saved

SCRIPT = """\
#!/usr/sbin/nft -f

flush ruleset

define WEB = { 80, 443 }

table inet other { chain input { type filter hook input priority 0; } }

table inet filter {
\tset closed {
\t\ttype inet_service
\t\telements = { 443,
\t\t             8443 }
\t}

\tchain input {
\t\ttype filter hook input priority filter; policy drop;

\t\t# established connections first
\t\tct state established,related accept
\t\ttcp dport { https } counter drop comment "no web"
\t\ttcp dport @closed reject
\t}
\tchain output {
\t\ttype filter hook output priority filter;
\t}
}
"""
FILES = {"/etc/nftables.conf": SCRIPT}


def line(found: persisted_rules.PersistedRule | None) -> str:
    assert found is not None
    return SCRIPT.splitlines()[found.line].strip()


def test_a_rule_is_found_in_its_chain_however_it_is_written() -> None:
    found = persisted_rules.find_persisted(place(ruleset([dport(443), DROP]), 0), FILES)
    assert found is not None
    assert found.exact
    assert line(found) == 'tcp dport { https } counter drop comment "no web"'
    assert "no web" not in found.without(SCRIPT)


def test_a_policy_is_found_at_the_end_of_its_chain() -> None:
    found = persisted_rules.find_persisted(place(ruleset(policy="drop"), None), FILES)
    assert found is not None
    text = found.with_lines_before(SCRIPT, ["tcp dport 443 accept"])
    assert "\t\ttcp dport @closed reject\n\t\ttcp dport 443 accept\n\t}\n" in text


@pytest.mark.parametrize(
    "rules",
    [
        ruleset([dport(8443), DROP]),
        ruleset([dport(443), DROP], table="ip filter"),
        ruleset([dport(443), ACCEPT]),
    ],
)
def test_a_rule_that_is_not_written_down_is_not_found(rules: str) -> None:
    assert persisted_rules.find_persisted(place(rules, 0), FILES) is None


def test_what_does_not_change_a_rule_does_not_matter() -> None:
    plain = persisted_rules.normalize_rule(
        'meta l4proto tcp tcp dport { 443 } counter packets 1 bytes 2 drop comment "x"'
    )
    assert plain == persisted_rules.normalize_rule("tcp dport https drop") == "tcp dport 443 drop"


def test_a_limit_has_the_burst_that_it_has_anyway_or_its_own() -> None:
    shown = "tcp dport 443 limit rate 9/second burst {} packets drop"
    assert persisted_rules.normalize_rule(shown.format(5)) == persisted_rules.normalize_rule(
        "tcp dport 443 limit rate 9/second drop"
    )
    assert persisted_rules.normalize_rule(shown.format(50)) != persisted_rules.normalize_rule(
        "tcp dport 443 limit rate 9/second drop"
    )


SAVED = saved(
    "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT",
    "-A INPUT -p tcp -m tcp --dport 443 -j DROP",
    policy="DROP",
).text
RULES_V4 = """\
*nat
:PREROUTING ACCEPT [0:0]
COMMIT
*filter
:INPUT DROP [12:720]
[0:0] -A INPUT -p tcp -m tcp --dport 443 -j DROP
-A INPUT -m conntrack --ctstate NEW -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""


def test_a_rule_of_iptables_is_found_whatever_the_order_of_its_words() -> None:
    files = {"/etc/iptables/rules.v4": RULES_V4}
    first = persisted_rules.find_persisted(place(SAVED, 0, "INPUT", "iptables"), files)
    second = persisted_rules.find_persisted(place(SAVED, 1, "INPUT", "iptables"), files)
    policy = persisted_rules.find_persisted(place(SAVED, None, "INPUT", "iptables"), files)
    assert (first and first.line, second and second.line) == (6, 5)
    assert policy is not None
    assert policy.with_lines_before(RULES_V4, ["-A INPUT x"]).endswith(
        "ACCEPT\n-A INPUT x\nCOMMIT\n"
    )
    assert (
        persisted_rules.find_persisted(
            place(SAVED, 0, "INPUT", "iptables"), {"/etc/sysconfig/ip6tables": SAVED}
        )
        is None
    )


def test_what_opens_a_port_is_done_now_and_in_the_file() -> None:
    now, later = remedies.opening_steps(
        place(ruleset(policy="drop"), None), Opening((443, 80)), FILES
    )
    assert isinstance(now, Command)
    assert now.argv == ("nft", "add", "rule", "inet", "filter", "input",
                        "tcp", "dport", "{ 80, 443 }", "accept")  # fmt: skip
    assert isinstance(later, Edit)
    assert "+\t\ttcp dport { 80, 443 } accept\n" in later.diff


@pytest.mark.parametrize(
    ("table", "chain", "owner"),
    [
        ("inet filter", "input", "hand"),
        ("inet firewalld", "filter_INPUT", "firewalld"),
        ("ip filter", "ufw-user-input", "ufw"),
        ("ip6 filter", "ufw6-user-input", "ufw"),
        ("inet f2b-table", "f2b-chain", "fail2ban"),
        ("ip filter", "f2b-sshd", "fail2ban"),
        ("ip filter", "DOCKER-USER", "docker"),
        ("inet netavark", "INPUT", "podman"),
        ("ip filter", "KUBE-FIREWALL", "kubernetes"),
        ("ip filter", "LIBVIRT_INP", "libvirt"),
        ("ip crowdsec", "crowdsec-chain", "crowdsec"),
        ("ip filter", "DENYIN", "csf"),
        ("ip filter", "INPUT_direct", "firewalld"),
    ],
)
def test_who_made_a_rule_its_names_say(table: str, chain: str, owner: str) -> None:
    rules = ruleset([dport(443), DROP], table=table, chain=chain)
    assert owners.owner(place(rules, 0, chain)) == owner


def test_the_end_of_iptables_own_chain_is_theirs_whose_chains_are_beside_it() -> None:
    chains = ":ufw-user-input - [0:0]\n"
    text = saved("-A INPUT -p tcp -j DROP", "-A INPUT -j ufw-user-input", policy="DROP",
                 more=chains).text  # fmt: skip
    assert owners.owner(place(text, None, "INPUT", "iptables")) == "ufw"
    assert owners.owner(place(text, 0, "INPUT", "iptables")) == "hand"


def test_firewalld_on_iptables_is_known_by_its_chains() -> None:
    chains = ":INPUT_direct - [0:0]\n:IN_drop - [0:0]\n"
    text = saved("-A INPUT -j INPUT_direct", "-A INPUT -j REJECT", "-A IN_drop -j DROP",
                 more=chains).text  # fmt: skip
    assert owners.owner(place(text, 0, "IN_drop", "iptables")) == "firewalld"
    assert owners.owner(place(text, 1, "INPUT", "iptables")) == "firewalld"
    assert owners.owner(place(ruleset([DROP], chain="IN_web"), 0, "IN_web")) == "hand"


def test_the_jail_of_fail2ban() -> None:
    rule = "-A f2b-nginx-http-auth -s 192.0.2.1/32 -j DROP"
    text = saved(rule, more=":f2b-nginx-http-auth - [0:0]\n").text
    assert owners.jail(place(text, 0, "f2b-nginx-http-auth", "iptables")) == "nginx-http-auth"
    assert owners.jail(place(ruleset([dport(443), DROP]), 0)) == ""
