"""Rules of a provider's API against the verdict they mean.

`vectors.json` holds rules in the shape of each API, a question, and the answer that the vendors'
documents give. The other developer of a provider adds its reader to `READERS`.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from diagnose.cloud.aliyun.rules import firewall_rule_set, rule_set
from diagnose.cloud.evaluation import Flow, evaluate
from diagnose.model.cloud import RuleSet

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text())


def _aliyun(given: Mapping[str, Any]) -> RuleSet:
    return rule_set(
        given["groups"],
        given.get("nacl"),
        {name: tuple(entries) for name, entries in given.get("prefix_lists", {}).items()},
        {name: tuple(entries) for name, entries in given.get("port_lists", {}).items()},
    )


READERS: dict[str, Callable[[Mapping[str, Any]], RuleSet]] = {
    "aliyun-ecs": _aliyun,
    "aliyun-swas": lambda given: firewall_rule_set(given["FirewallRules"]),
}


def _flow(query: Mapping[str, Any]) -> Flow:
    return Flow(
        query["port"],
        query["src"],
        query["proto"],
        query.get("dst", ""),
        tuple(query.get("src_groups", ())),
        query.get("same_vswitch", False),
    )


@pytest.mark.parametrize(
    "vector",
    [pytest.param(each, id=each["id"]) for each in VECTORS if each["provider"] in READERS],
)
def test_verdict_of_a_vector(vector: dict[str, Any]) -> None:
    verdict = evaluate(READERS[vector["provider"]](vector["given"]), _flow(vector["query"]))
    expected = vector["expect"]
    assert verdict.status == expected["verdict"].lower(), vector["note"]
    if "by" in expected:
        assert list(verdict.by) == expected["by"]
    if "open_to" in expected:
        assert list(verdict.open_to) == expected["open_to"]
    if "all_except" in expected:
        assert list(verdict.closed_to) == expected["all_except"]


def test_every_vector_of_a_reader_is_played() -> None:
    counts = {name: sum(each["provider"] == name for each in VECTORS) for name in READERS}
    assert counts["aliyun-ecs"] == 45
    assert counts["aliyun-swas"] == 3
