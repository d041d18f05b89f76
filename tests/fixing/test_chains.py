"""How a firewall's rule is taken back: by what the chain held before."""

import pytest

from diagnose.fixing.chains import Change, change, same, undo

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


def now(*handles: int) -> str:
    lines = "".join(f"\t\ttcp dport 443 # handle {handle}\n" for handle in handles)
    return BEFORE.replace("\t\tdrop", f"{lines}\t\tdrop")


@pytest.mark.parametrize(
    ("argv", "made"),
    [
        (INSERT, Change(LIST, ("inet", "guard", "in"), "tcp dport 443")),
        (
            ("nft", "delete", "rule", "inet", "guard", "in", "handle", "3"),
            Change(LIST, ("inet", "guard", "in")),
        ),
        (
            ("iptables", "-t", "raw", "-D", "PREROUTING", "1"),
            Change(("iptables", "-t", "raw", "-S", "PREROUTING"), ("PREROUTING",)),
        ),
        (
            ("/sbin/ip6tables-legacy", "-I", "INPUT", "1", "-j", "ACCEPT"),
            Change(("/sbin/ip6tables-legacy", "-S", "INPUT"), ("INPUT",)),
        ),
        (("nft", "add", "element", "inet", "guard", "s", "{ 1 }"), None),
        (("iptables", "-P", "INPUT", "ACCEPT"), None),
        (("firewall-cmd", "--reload"), None),
    ],
)
def test_a_rule_that_comes_or_goes_is_known(argv: tuple[str, ...], made: Change | None) -> None:
    assert change(argv) == made


def test_the_rule_that_is_new_is_deleted_and_no_other_of_the_same_words() -> None:
    made = change(INSERT)
    assert made is not None
    deleted = ("nft", "delete", "rule", "inet", "guard", "in", "handle")
    assert undo(made, BEFORE, now(4)) == (*deleted, "4")
    assert undo(made, BEFORE, now(9, 4)) == (*deleted, "4")
    assert undo(made, BEFORE, BEFORE) == ()


def test_another_handle_makes_no_other_rule() -> None:
    assert same(BEFORE, BEFORE.replace("handle 3", "handle 17"))
    assert not same(BEFORE, now(4))
