"""Values of fields, compared with what a rule matches."""

from typing import Any

import pytest

from diagnose.parsers.netfilter.packet_fields import (
    ABSENT,
    SOURCE,
    UNKNOWN,
    Value,
    compare,
    matching_sources,
    simplify_answer,
    span_contains,
)


@pytest.mark.parametrize(
    ("value", "op", "spans", "answer"),
    [
        (443, "==", [(80, 80), (400, 500)], True),
        (443, "!=", [(400, 500)], False),
        (443, "==", [], False),
        (443, "!=", [], True),
        ("eth0", "==", ["eth*"], True),
        ("eth0", "==", ["eth"], False),
        ((1024, 65535), "==", [(0, 1023)], False),
        ((1024, 65535), "!=", [(1024, 65535)], False),
        ((1024, 65535), "==", [(50000, 60000)], None),
        ((1024, 65535), ">", [(1023, 1023)], True),
        ((1024, 65535), "<", [(1024, 1024)], False),
        (443, "<=", [(443, 443)], True),
        (443, ">=", [(444, 444)], False),
        (6, "in", [(2, 2), (8, 8)], True),
        (6, "!", [(8, 8)], True),
        (6, "!", [(4, 4)], False),
        ("eth0", ">", [(1, 1)], None),
        (443, "==", ["web"], None),
        (UNKNOWN, "==", [(1, 1)], None),
        (SOURCE, "==", [(1, 1)], None),
        (ABSENT, "!=", [(1, 1)], False),
    ],
)
def test_a_comparison_is_true_false_or_unknown(
    value: Value, op: Any, spans: list[Any], answer: bool | None
) -> None:
    assert compare(value, op, [(span,) for span in spans], None) is answer


def test_an_empty_element_matches_everything_that_has_the_field() -> None:
    assert compare(443, "==", [()], None) is True
    assert compare(ABSENT, "==", [()], None) is False


def test_a_mask_is_applied_before_the_comparison() -> None:
    assert compare(0b0110, "==", [((0b0010, 0b0010),)], 0b0011) is True
    assert compare((1, 9), "==", [((1, 1),)], 0b0001) is None


def test_a_part_of_a_sure_set_is_in_it_and_one_beside_it_is_not() -> None:
    assert span_contains((5, 6), (1, 9)) is True
    assert span_contains((10, 11), (1, 9)) is False
    assert span_contains((9, 10), (1, 9)) is None
    assert span_contains("", (1, 9)) is False, "no interface"


@pytest.mark.parametrize(
    ("op", "spans", "mask", "answer"),
    [
        ("==", [(0, 255)], None, True),
        ("==", [(256, 300)], None, False),
        ("==", [(10, 19), (15, 29)], None, ((10, 29),)),
        ("!=", [(10, 255)], None, ((0, 9),)),
        ("<", [(16, 16)], None, ((0, 15),)),
        ("==", [(0x10, 0x10)], 0xFFFFFFF0, ((0x10, 0x1F),)),
        ("==", [(1, 1)], 0x1, None),
        ("==", ["name"], None, None),
        ("in", [(1, 1)], None, None),
    ],
)
def test_of_all_sources_those_for_which_it_is_true(
    op: Any, spans: list[Any], mask: int | None, answer: object
) -> None:
    elements = [(span,) for span in spans]
    assert matching_sources(((0, 255),), op, elements, mask, 32) == answer


def test_any_mask_can_be_applied_to_one_source() -> None:
    assert matching_sources(((5, 5),), "==", [((1, 1),)], 0x1, 32) is True
    assert matching_sources(((4, 4),), "==", [((1, 1),)], 0x1, 32) is False


def test_all_sources_are_a_yes_and_none_are_a_no() -> None:
    assert simplify_answer(((0, 9),), ((0, 9),)) is True
    assert simplify_answer(((0, 9),), ()) is False
    assert simplify_answer(((0, 9),), ((0, 4),)) == ((0, 4),)
