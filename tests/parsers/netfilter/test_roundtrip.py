"""Whether nft would make the same rule of its text. That it does, `tests/lab/test_rules_written.py`
shows; that what is written in full is the same, `test_nft_writer.py`."""

from typing import Any

import pytest

from diagnose.parsers.netfilter.roundtrip import survives_roundtrip
from tests.support.netfilter_expectations import (
    DROP,
    dport,
    field,
    match,
    meta,
)


def limit(**fields: Any) -> dict[str, Any]:
    return {"limit": {"rate": 9, "burst": 5, "per": "second"} | fields}


@pytest.mark.parametrize(
    "said",
    [
        {"xt": {"type": "match", "name": "recent"}},
        {"queue": {"num": 0}},
        limit(name="of a newer nft"),
        {"set": {"op": "add", "elem": {"elem": {"val": field("ip saddr"), "timeout": 1}},
                 "set": "@seen"}},
        match(field("ip saddr"), {"set": [{"elem": {"val": "10.0.0.1", "comment": "why"}}]}),
        dport({"set": list(range(13))}),
        match({"payload": {"tunnel": "vxlan", "protocol": "ip", "field": "saddr"}}, "10.0.0.1"),
        match(meta("hour"), "09:00"),
        match(meta("iifname"), 'a"b'),
        {"log": {"prefix": "$x"}},
        {"log": {"prefix": "\N{REPLACEMENT CHARACTER}"}},
        {"accept": {}},
        [], 3, None,
    ],
)  # fmt: skip
def test_what_nft_would_make_another_rule_of_is_not_exact(said: Any) -> None:
    assert not survives_roundtrip([said])


def test_a_comment_with_a_quotation_mark_cannot_be_said_to_nft() -> None:
    assert survives_roundtrip([DROP], "by hand")
    assert not survives_roundtrip([DROP], 'the "web"')


def test_one_unknown_statement_spoils_the_rule() -> None:
    assert survives_roundtrip([dport(443), {"counter": {"packets": 1, "bytes": 60}}, DROP])
    assert not survives_roundtrip([dport(443), {"new statement": None}, DROP])


def test_what_is_in_a_map_must_be_known_too() -> None:
    def vmap(verdict: Any) -> dict[str, Any]:
        return {"vmap": {"key": field("tcp dport"), "data": {"set": [[443, verdict]]}}}

    assert survives_roundtrip([vmap({"jump": {"target": "web"}})])
    assert not survives_roundtrip([vmap({"jump": {"target": "web", "new": 1}})])


@pytest.mark.parametrize("rule", [None, "accept", {"accept": None}, 3])
def test_what_is_no_list_of_statements_is_no_rule(rule: Any) -> None:
    assert not survives_roundtrip(rule)
