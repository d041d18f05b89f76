from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.netfilter.address_sets import (
    address_count,
    difference,
    intersection,
    networks,
    region,
)

spans = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 30)).map(lambda one: (one[0], sum(one))),
    max_size=120,
)


def members(of: tuple[tuple[int, int], ...]) -> set[int]:
    return {number for low, high in of for number in range(low, high + 1)}


@given(spans, spans)
def test_they_are_sets_of_numbers(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    first, second = region(one), region(other)
    assert members(first) == members(tuple(one))
    assert members(intersection(first, second)) == members(first) & members(second)
    assert members(difference(first, second)) == members(first) - members(second)
    assert address_count(first) == len(members(first))


@given(spans)
def test_they_are_sorted_and_do_not_touch(one: list[tuple[int, int]]) -> None:
    made = region(one)
    assert all(high + 1 < low for (_, high), (low, _) in pairwise(made))


def test_networks_are_listed_up_to_a_number() -> None:
    some = region([(0x0A000000, 0x0A0000FF), (0x0B000001, 0x0B000001), (0x0C000001, 0x0C000001)])
    assert networks(some, 4, 2) == (["10.0.0.0/24", "11.0.0.1"], 1)
    assert networks(((1, 1),), 6, 2) == (["::1"], 0)
