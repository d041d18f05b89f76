"""How a firewall's rule is taken back: by what the chain held before."""

import pytest

from diagnose.fixing.rule_undo import (
    RuleChange,
    delete_command,
    is_edited,
    is_same_chain,
    restore_command,
    rule_change,
)

INSERT = ("nft", "insert", "rule", "inet", "guard", "in", "handle", "3", "tcp", "dport", "443")
BEFORE = """table inet guard {
	chain in { # handle 1
		type filter hook input priority filter; policy accept;
		tcp dport 443 # handle 2
		drop # handle 3
	}
}
"""
LIST = ("nft", "-s", "-a", "list", "chain", "inet", "guard", "in")


def chain(*rules: tuple[str, int]) -> str:
    lines = "".join(f"\t\t{text} # handle {handle}\n" for text, handle in rules)
    return f"table inet guard {{\n\tchain in {{ # handle 1\n{lines}\t}}\n}}\n"


def current_chain(*handles: int) -> str:
    lines = "".join(f"\t\ttcp dport 443 # handle {handle}\n" for handle in handles)
    return BEFORE.replace("\t\tdrop", f"{lines}\t\tdrop")


@pytest.mark.parametrize(
    ("argv", "made"),
    [
        (INSERT, RuleChange(LIST, ("inet", "guard", "in"), "tcp dport 443")),
        (
            ("nft", "delete", "rule", "inet", "guard", "in", "handle", "3"),
            RuleChange(LIST, ("inet", "guard", "in"), deleted_handle=3),
        ),
        (
            ("iptables", "-t", "raw", "-D", "PREROUTING", "1"),
            RuleChange(("iptables", "-t", "raw", "-S", "PREROUTING"), ("PREROUTING",)),
        ),
        (
            ("/sbin/ip6tables-legacy", "-I", "INPUT", "1", "-j", "ACCEPT"),
            RuleChange(("/sbin/ip6tables-legacy", "-S", "INPUT"), ("INPUT",)),
        ),
        (("nft", "add", "element", "inet", "guard", "s", "{ 1 }"), None),
        (("iptables", "-P", "INPUT", "ACCEPT"), None),
        (("firewall-cmd", "--reload"), None),
    ],
)
def test_a_rule_that_comes_or_goes_is_known(argv: tuple[str, ...], made: RuleChange | None) -> None:
    assert rule_change(argv) == made


def test_the_rule_that_is_new_is_deleted_and_no_other_of_the_same_words() -> None:
    made = rule_change(INSERT)
    assert made is not None
    deleted = ("nft", "delete", "rule", "inet", "guard", "in", "handle")
    assert delete_command(made, BEFORE, current_chain(4)) == (*deleted, "4")
    assert delete_command(made, BEFORE, current_chain(9, 4)) == (*deleted, "4")
    assert delete_command(made, BEFORE, BEFORE) == ()


def test_the_rule_that_was_added_is_known_by_its_handle_whatever_its_words() -> None:
    """nft prints some rules in other words than they were given."""
    made = rule_change(INSERT)
    assert made is not None
    left = current_chain(4).replace("tcp dport 443 # handle 4", "tcp dport 443 accept # handle 4")
    deleted = ("nft", "delete", "rule", "inet", "guard", "in", "handle")
    assert delete_command(made, BEFORE, left) == ()
    assert delete_command(made, BEFORE, left, left) == (*deleted, "4")
    # The whole chain was loaded anew: the handle is another, and the words tell.
    assert delete_command(made, BEFORE, current_chain(9), current_chain(4)) == (*deleted, "9")
    assert delete_command(made, BEFORE, BEFORE, current_chain(4)) == ()


def test_a_rule_that_somebody_has_replaced_is_edited() -> None:
    replaced = current_chain(4).replace("tcp dport 443 # handle 4", "tcp dport 8443 # handle 4")
    assert is_edited(BEFORE, current_chain(4), replaced)
    assert not is_edited(BEFORE, current_chain(4), current_chain(4))
    assert not is_edited(BEFORE, current_chain(4), BEFORE)
    assert not is_edited(BEFORE, "", replaced)


def test_another_handle_makes_no_other_rule() -> None:
    assert is_same_chain(BEFORE, BEFORE.replace("handle 3", "handle 17"))
    assert not is_same_chain(BEFORE, current_chain(4))


AGAIN = ("nft", "add", "rule", "inet", "guard", "in", "handle", "2", "drop")


@pytest.mark.parametrize(
    ("now", "at"),
    [
        (BEFORE.replace("\t\tdrop # handle 3\n", ""), ("add", "2")),
        # The rule before it was taken and put back; so was one of the same words, later.
        (chain(("tcp dport 22", 1), ("tcp dport 443", 7)), ("add", "7")),
        (chain(("tcp dport 443", 7), ("tcp dport 22", 8)), ("add", "7")),
        # Of the same words, and there before: it is another one.
        (chain(("tcp dport 443", 1), ("tcp dport 22", 5)), ("insert", "")),
        (chain(("tcp dport 22", 5)), ("insert", "")),
        (chain(), ("insert", "")),
    ],
)
def test_a_rule_is_put_back_behind_the_one_that_was_before_it(
    now: str, at: tuple[str, str]
) -> None:
    made = rule_change(("nft", "delete", "rule", "inet", "guard", "in", "handle", "3"))
    assert made is not None
    how, handle = at
    place = ("handle", handle) if handle else ()
    put = restore_command(made, BEFORE, now, AGAIN)
    assert put == ("nft", how, "rule", "inet", "guard", "in", *place, "drop")
