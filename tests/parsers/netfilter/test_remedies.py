"""What opens a port in netfilter's rules, now and in the file."""

import pytest

from diagnose.model import Command, Edit, Step
from diagnose.parsers.netfilter import remedies
from diagnose.parsers.netfilter.remedies import Opening
from tests.support.packets import ACCEPT, DROP, dport, field, place, ruleset, saved

BAN = "-A INPUT -s 192.0.2.9/32 -p tcp -m tcp --dport 443 -j DROP"
LIMIT = "-A INPUT -p tcp -m tcp --dport 443 -m limit --limit 1/min -j DROP"
SAVED = saved(BAN, LIMIT, policy="DROP").text


def typed(step: Step) -> tuple[str, str]:
    """A command and what takes it back."""
    assert isinstance(step, Command)
    return " ".join(step.argv), " ".join(step.undo)


def test_a_rule_that_is_taken_away_can_be_put_back() -> None:
    rules = ruleset([field("tcp", "dport", 22), ACCEPT], [dport(443), DROP])
    (now,) = remedies.removal_steps(place(rules, 1), {})
    assert isinstance(now, Command)
    assert " ".join(now.argv) == "nft delete rule inet filter input handle 3"
    assert " ".join(now.undo) == "nft add rule inet filter input handle 2 tcp dport 443 drop"


def test_answers_are_let_out_as_such() -> None:
    (now,) = remedies.opening_steps(
        place(SAVED, None, "INPUT", "iptables"), Opening((443,), True), {}
    )
    assert isinstance(now, Command)
    assert "--sport" in now.argv
    assert "443" in now.argv
    assert now.argv[-5:] == ("conntrack", "--ctstate", "ESTABLISHED", "-j", "ACCEPT")


def test_which_rules_are_about_these_ports_only() -> None:
    both = [dport({"set": [80, 443]}), DROP]
    span = [dport({"range": [400, 500]}), DROP]
    rules = ruleset([dport(443), DROP], both, span, [DROP])
    about = [remedies.names_only(place(rules, index), (443,)) for index in range(4)]
    assert about == [True, False, False, False]
    others = place(ruleset([field("tcp", "dport", 443, "!="), DROP]), 0)
    assert not remedies.names_only(others, (443,))
    assert remedies.names_only(place(rules, 1), (443, 80))


@pytest.mark.parametrize(
    ("opening", "nft", "iptables"),
    [
        (Opening((443,)), "tcp dport 443 accept", "-p tcp -m tcp --dport 443 -j ACCEPT"),
        (
            Opening((80, 443), replies=True, early=True),
            "tcp sport { 80, 443 } accept",
            "-p tcp -m multiport --sports 80,443 -j ACCEPT",
        ),
        (
            Opening((443,), visitor="2001:db8::7", server="2001:db8::1", family=6),
            "ip6 saddr 2001:db8::7 ip6 daddr 2001:db8::1 tcp dport 443 accept",
            "-s 2001:db8::7 -d 2001:db8::1 -p tcp -m tcp --dport 443 -j ACCEPT",
        ),
        (
            Opening((443,), replies=True, visitor="192.0.2.7"),
            "ip daddr 192.0.2.7 tcp sport 443 ct state established accept",
            "-d 192.0.2.7 -p tcp -m tcp --sport 443 -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        ),
    ],
)
def test_what_is_let_in_in_the_words_of_both_tools(
    opening: Opening, nft: str, iptables: str
) -> None:
    assert " ".join(opening.nft) == nft
    assert " ".join(opening.iptables) == iptables


def test_a_rule_of_iptables_is_removed_by_its_words_or_by_its_number_if_it_counts() -> None:
    (now,) = remedies.removal_steps(place(SAVED, 0, "INPUT", "iptables"), {})
    words = BAN.removeprefix("-A INPUT ")
    assert typed(now) == (f"iptables -D INPUT {words}", f"iptables -I INPUT 1 {words}")
    (now,) = remedies.removal_steps(place(SAVED, 1, "INPUT", "iptables"), {})
    assert typed(now)[0] == "iptables -D INPUT 2"


def test_before_a_rule_and_before_a_policy() -> None:
    accept = "-p tcp -m tcp --dport 443 -j ACCEPT"
    (now,) = remedies.opening_steps(place(SAVED, 1, "INPUT", "iptables"), Opening((443,)), {})
    assert typed(now) == (f"iptables -I INPUT 2 {accept}", f"iptables -D INPUT {accept}")
    (now,) = remedies.opening_steps(place(SAVED, None, "INPUT", "iptables"), Opening((443,)), {})
    assert typed(now)[0] == f"iptables -A INPUT {accept}"


def test_a_rule_that_stands_in_a_file_goes_there_too() -> None:
    files = {"/etc/iptables/rules.v4": f"*filter\n:INPUT ACCEPT [0:0]\n{BAN}\nCOMMIT\n"}
    _, later = remedies.removal_steps(place(SAVED, 0, "INPUT", "iptables"), files)
    assert isinstance(later, Edit)
    assert (later.path, f"-{BAN}\n" in later.diff) == ("/etc/iptables/rules.v4", True)


def test_where_conntrack_has_not_seen_the_packet() -> None:
    raw = saved().text.replace("*filter", "*raw").replace("INPUT", "PREROUTING")
    assert remedies.is_early(place(raw, None, "PREROUTING", "iptables"))
    assert remedies.is_early(place(ruleset([DROP], table="netdev t", hook="ingress"), 0))
    assert not remedies.is_early(place(SAVED, 0, "INPUT", "iptables"))
