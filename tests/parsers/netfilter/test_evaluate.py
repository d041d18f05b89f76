"""What becomes of a connection. Each of these was tried on a kernel too: tests/lab."""

import pytest

from diagnose.parsers.netfilter import Packet, Rules, decide
from tests.support.netfilter_expectations import (
    ACCEPT,
    DROP,
    SITE6,
    ask,
    chain,
    dport,
    match,
    rule,
    rules,
    table,
)

RESET = {"reject": {"type": "tcp reset"}}


def test_without_rules_everything_is_let_in() -> None:
    said = ask(Rules())
    assert (said.verdict, said.table, said.rule) == ("accept", "", "")


def test_the_deciding_rule_is_named() -> None:
    said = ask(rules(table(chain(), rule(dport(443), DROP, handle=7))))
    assert (said.verdict, said.handle, said.rule) == ("drop", 7, "tcp dport 443 drop")


def test_namesakes_in_two_families_are_two_tables() -> None:
    v4 = table(chain(), rule(DROP), family="ip", name="filter")
    v6 = table(chain(), rule(RESET), family="ip6", name="filter")
    read = rules(v4, v6)
    assert ask(read).family == "ip"
    assert ask(read, "2001:db8:9::7", to=SITE6).how == "tcp reset"


def test_a_dormant_table_does_nothing() -> None:
    asleep = table(chain(policy="drop"))
    asleep[0]["table"]["flags"] = ["dormant"]
    assert ask(rules(asleep)).verdict == "accept"


def test_what_cannot_be_judged_is_named() -> None:
    dice = match({"numgen": {"mode": "random", "mod": 2, "offset": 0}}, 0)
    said = ask(rules(table(chain(), rule(dice, DROP))))
    assert (said.verdict, said.either) == ("unknown", ("accept", "drop"))
    assert said.unknown == ("numgen random mod 2",)


def test_what_cannot_be_judged_may_not_matter() -> None:
    user = match({"socket": {"key": "transparent"}}, 1)
    assert ask(rules(table(chain(), rule(user, DROP), rule(DROP)))).verdict == "drop"
    assert ask(rules(table(chain(), rule(user, ACCEPT)))).verdict == "accept"


def test_a_source_of_the_other_family_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot connect"):
        decide(Rules(), Packet("::1", "203.0.113.10", 443, "eth0"))
