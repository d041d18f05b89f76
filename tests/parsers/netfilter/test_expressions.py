"""Fields and values in nft's JSON (libnftables-json(5))."""

from typing import Any

import pytest

from diagnose.parsers.netfilter.expressions import (
    UnsupportedForm,
    atom,
    bits,
    element,
    elements,
    keys,
    pairs,
    span,
    type_fields,
)
from diagnose.parsers.netfilter.rules import Element, Span
from tests.support.netfilter_expectations import (
    field,
    meta,
)


@pytest.mark.parametrize(
    ("declared", "listed", "parsed"),
    [
        ("ipv4_addr", {"prefix": {"addr": "10.0.0.0", "len": 8}}, ((0x0A000000, 0x0AFFFFFF),)),
        ("ipv6_addr", "::1", ((1, 1),)),
        ("inet_service", {"range": [5, 9]}, ((5, 9),)),
        ("ipv4_addr", {"elem": {"val": "0.0.0.1", "expires": 2999, "timeout": 3600}}, ((1, 1),)),
        (["ipv4_addr", "inet_service"], {"concat": ["0.0.0.1", 80]}, ((1, 1), (80, 80))),
        ({"typeof": {"meta": {"key": "iifname"}}}, "10", ("10",)),
        ("inet_proto", "udp", ((17, 17),)),
        ("inet_service", "*", ()),
    ],
)
def test_the_type_of_a_set_says_what_its_elements_are(
    declared: Any, listed: Any, parsed: Element
) -> None:
    assert elements([listed], type_fields(declared)) == (parsed,)


@pytest.mark.parametrize(
    ("expression", "fields", "mask"),
    [
        (field("ip saddr"), ("ip saddr",), None),
        (meta("iifname"), ("meta iifname",), None),
        ({"&": [field("tcp flags"), {"|": ["syn", "ack"]}]}, ("tcp flags",), 18),
        ({"concat": [field("ip saddr"), field("tcp dport")]}, ("ip saddr", "tcp dport"), None),
        ({"ct": {"key": "state"}}, ("ct state",), None),
        ({"fib": {"result": "type", "flags": ["daddr"]}}, ("fib daddr type",), None),
    ],
)
def test_the_fields_of_an_expression_and_their_mask(
    expression: Any, fields: tuple[str, ...], mask: int | None
) -> None:
    assert keys(expression) == (fields, mask)


@pytest.mark.parametrize(
    "expression",
    [
        {"concat": [{"&": [field("ip saddr"), 1]}, field("tcp dport")]},
        {"&": [{"&": [field("ip saddr"), 3]}, 1]},
        {"&": [field("ip saddr"), "web"]},
    ],
)
def test_a_mask_inside_another_form_is_not_supported(expression: Any) -> None:
    with pytest.raises(UnsupportedForm):
        keys(expression)


@pytest.mark.parametrize(
    ("value", "key", "parsed"),
    [
        (443, "tcp dport", (443, 443)),
        ("syn", "tcp flags", (2, 2)),
        ("tcp", "meta l4proto", (6, 6)),
        ("tcp", "meta iifname", "tcp"),
        ("10", "meta iifname", "10"),
        ("0x10", "meta mark", (16, 16)),
        ("10.0.0.0/8", "ip saddr", (0x0A000000, 0x0AFFFFFF)),
        ("::1", "ip6 saddr", (1, 1)),
        ("999.0.0.1", "ip saddr", "999.0.0.1"),
        ("local", "fib daddr type", "local"),
    ],
)
def test_a_value_is_a_number_or_a_name_as_its_field_says(
    value: Any, key: str, parsed: Span
) -> None:
    assert atom(value, key) == parsed


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ({"range": [5, 9]}, (5, 9)),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, (0x0A000000, 0x0AFFFFFF)),
        ({"|": [1, {"|": [2, 4]}]}, (7, 7)),
    ],
)
def test_a_range_a_network_and_bits_are_spans(value: Any, parsed: Span) -> None:
    assert span(value, "") == parsed


@pytest.mark.parametrize("value", [None, 1.5, [], {}, {"range": ["a", "b"]}, {"new": "form"}])
def test_any_other_form_is_not_supported(value: Any) -> None:
    with pytest.raises(UnsupportedForm):
        span(value, "tcp dport")
    with pytest.raises(UnsupportedForm):
        bits({"|": ["syn", "odd"]}, "tcp flags")


def test_the_element_that_matches_everything_comes_last() -> None:
    assert pairs([["*", "rest"], [443, "web"]], ("tcp dport",)) == [
        (((443, 443),), "web"), ((), "rest"),
    ]  # fmt: skip


def test_an_element_has_one_value_for_each_field() -> None:
    with pytest.raises(ValueError):
        element({"concat": ["10.0.0.1", 80]}, ("ip saddr",))
