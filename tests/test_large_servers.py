"""Servers with much on them: four times as much takes four times the work, and no more is left out
than is said. Counted, not timed."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.checking.verdicts import verdict
from diagnose.model import Observation, Report
from diagnose.parsers.netfilter import address_sets, traversal
from tests.support import large_servers
from tests.support.check_evidence import evidence

Build = Callable[[int], tuple[Observation, ...]]


def judged(build: Build, count: int) -> Report:
    return conclude(evidence(*build(count)))


def steps(build: Build, count: int) -> int:
    """Count the calls of Python's and C's functions that reading and judging take."""
    counted = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        judged(build, count)
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize(
    ("build", "count"),
    [
        (large_servers.nft_rules, 200),
        (large_servers.iptables_rules, 200),
        (large_servers.set_elements, 500),
        (large_servers.listeners, 500),
        (large_servers.server_blocks, 100),
    ],
)
def test_four_times_as_much_takes_four_times_the_steps(build: Build, count: int) -> None:
    judged(build, 3)  # what is imported and compiled once
    assert steps(build, 4 * count) <= 4.5 * steps(build, count)


def test_bans_do_not_copy_all_addresses_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """What C does in one step is not counted above: a copy of a long tuple."""
    copied = 0

    def difference(base: address_sets.Region, excluded: address_sets.Region) -> address_sets.Region:
        nonlocal copied
        result = address_sets.difference(base, excluded)
        copied += len(result)
        return result

    monkeypatch.setattr(traversal, "difference", difference)
    count = 2000
    assert judged(large_servers.nft_rules, count).findings
    assert copied < 200 * count  # 4,000 times before


def test_a_set_is_copied_as_often_for_many_elements_as_for_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What C does in one step: the lengths of all regions that are compared and made."""
    handled = 0

    def counted(work: Callable[..., address_sets.Region]) -> Callable[..., address_sets.Region]:
        def count(*regions: Any) -> address_sets.Region:
            nonlocal handled
            given = [tuple(region) for region in regions]
            result = work(*given)
            handled += sum(map(len, (*given, result)))
            return result

        return count

    for name in ("difference", "intersection", "merged_region"):
        monkeypatch.setattr(traversal, name, counted(getattr(traversal, name)))
    judged(large_servers.set_elements, 500)
    few, handled = handled, 0
    judged(large_servers.set_elements, 4 * 500)
    assert 0 < few < handled <= 4.1 * few


def test_a_hundred_thousand_elements_of_a_set_are_judged() -> None:
    (cause,) = verdict(judged(large_servers.set_elements, 100_000)).causes
    assert cause.check.id == "firewall.ruleset-blocks"


@pytest.mark.parametrize("build", [large_servers.nft_rules, large_servers.iptables_rules])
def test_the_rule_behind_a_thousand_bans_is_named(build: Build) -> None:
    (cause,) = verdict(judged(build, 1000)).causes
    assert cause.check.id == "firewall.ruleset-blocks"
