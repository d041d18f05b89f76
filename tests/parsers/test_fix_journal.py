import json

import pytest

from diagnose.parsers.fix_journal import MAX_LENGTH, FixPlan, parse_plan

PLAN = {"event": "plan", "check": "a.b", "target": "https://a/", "at": "now", "steps": []}


def test_the_plan_is_the_first_line() -> None:
    text = json.dumps(PLAN) + '\n{"event": "begin", "step": 0}\n'
    assert parse_plan(text) == FixPlan("a.b", "https://a/", "now")


def test_what_is_shown_is_clean_and_short() -> None:
    plan = parse_plan(json.dumps({**PLAN, "target": "\x1b[2J" + "x" * 999}))
    assert plan is not None
    assert "\x1b" not in plan.target
    assert len(plan.target) <= MAX_LENGTH


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"event": "begin"}', '{"event": "plan", "check": 7}', "[" * 100_000],
)
def test_anything_else_is_no_plan(text: str) -> None:
    assert parse_plan(text) is None
