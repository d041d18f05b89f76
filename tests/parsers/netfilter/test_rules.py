"""What rules are made of: spans, and rules and sets that are read when they are needed."""

import pytest

from diagnose.parsers.netfilter.rules import (
    LazyRules,
    Rule,
    Set,
    address_span,
    single_key_elements,
)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("192.0.2.1", (0xC0000201, 0xC0000201)),
        ("192.0.2.0/24", (0xC0000200, 0xC00002FF)),
        ("192.0.2.77/24", (0xC0000200, 0xC00002FF)),
        ("0.0.0.0/0", (0, (1 << 32) - 1)),
        ("192.0.2.1-192.0.2.9", (0xC0000201, 0xC0000209)),
        ("::1", (1, 1)),
        ("2001:db8::/127", (0x20010DB8 << 96, (0x20010DB8 << 96) + 1)),
    ],
)
def test_an_address_a_network_and_a_range_are_spans(text: str, span: tuple[int, int]) -> None:
    assert address_span(text) == span


@pytest.mark.parametrize("text", ["", "web", "192.0.2.300", "192.0.2.0/33", "1.2.3.4-", "443"])
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        address_span(text)


def test_rules_are_read_once_and_only_when_they_are_needed() -> None:
    reads = []

    def load() -> tuple[Rule, ...]:
        reads.append("read")
        return (Rule((), "accept"), Rule((), "drop"))

    lazy = LazyRules(load)
    assert reads == []
    assert (len(lazy), lazy[1].text, [rule.text for rule in lazy[:1]]) == (2, "drop", ["accept"])
    assert reads == ["read"]


@pytest.mark.parametrize("error", [ValueError, KeyError, TypeError, AttributeError])
def test_a_set_that_cannot_be_read_says_so(error: type[Exception]) -> None:
    def load() -> tuple[object, ...]:
        raise error("hostile")

    odd = Set("odd", load)
    assert odd.readable, "nobody has looked yet"
    assert (odd.elements, odd.readable) == ((), False)
    known = Set("known", lambda: (1, 2))
    assert (known.elements, known.elements, known.readable) == ((1, 2), (1, 2), True)


def test_the_text_of_a_rule_is_built_when_it_is_asked_for() -> None:
    assert Rule((), "tcp dport 443 drop").text == "tcp dport 443 drop"
    assert Rule((), lambda: "built").text == "built"


def test_each_value_of_a_set_with_one_key_is_an_element() -> None:
    assert single_key_elements([(1, 2), "eth*"]) == (((1, 2),), ("eth*",))
    assert single_key_elements([]) == ()
