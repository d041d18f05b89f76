"""TAP 14, read back line by line."""

import json
import re

import pytest
from hypothesis import given

from diagnose.model.view import View
from diagnose.outputs.tap import render, render_all
from diagnose.parsers.sanitize import UNSAFE
from tests.support.effort import examples
from tests.support.hostile_report import TEXTS, hostile
from tests.support.report_builder import healthy, mended, report

VIEW = View(hostname="laptop")

#: A test point: an unescaped "#" begins the directive.
POINT = re.compile(r"(not )?ok (\d+) - ((?:\\[\\#]|[^\\#])*?)( # SKIP (.*))?")

#: A line of a YAML block: a key with or without a double-quoted scalar.
DETAIL = re.compile(r'  ((?:  |- )*)([a-z_]+):(?: ("(?:\\.|[^"\\])*"))?')


def points(text: str) -> list[tuple[bool, str, bool, list[tuple[str, str]]]]:
    """Passed, description, skipped, details. Every line of the document has to be one of the
    grammar."""
    version, plan, *lines = text.removesuffix("\n").split("\n")
    assert version == "TAP version 14"
    read: list[tuple[bool, str, bool, list[tuple[str, str]]]] = []
    in_details = False
    for line in lines:
        if line == "  ---":
            assert not in_details
            in_details = True
        elif line == "  ...":
            assert in_details
            in_details = False
        elif in_details:
            match = DETAIL.fullmatch(line)
            assert match, line
            read[-1][3].append((match[2], json.loads(match[3] or '""')))
        else:
            match = POINT.fullmatch(line)
            assert match, line
            read.append((match[1] is None, match[3], match[4] is not None, []))
            assert int(match[2]) == len(read)
    assert plan == f"1..{len(read)}"
    assert not in_details
    return read


def test_a_healthy_site_passes_all_its_points() -> None:
    shown = points(render(healthy(), VIEW))
    assert all(passed for passed, *_ in shown)
    assert [description for _, description, *_ in shown][:2] == [
        "https://shop.example.com/",
        "https://shop.example.com/ dns",
    ]


def test_a_fault_fails_its_layer_and_says_what_to_type() -> None:
    failed = {description: details for passed, description, _, details in points(
        render(mended(), VIEW)) if not passed}  # fmt: skip
    details = failed["https://shop.example.com/ nginx"]
    assert ("check", "nginx.door-locked") in details
    assert dict(details)["command"].startswith("nginx")
    assert failed["https://shop.example.com/"][0] == ("verdict", "critical")


def test_what_was_not_judged_is_skipped_and_the_verdict_fails() -> None:
    shown = points(render(report(), VIEW))
    assert not shown[0][0]
    assert all(skipped for _, _, skipped, _ in shown[1:])


def test_several_targets_are_one_document() -> None:
    assert len(points(render_all([(healthy(), VIEW), (mended(), VIEW)]))) > 6


@examples(60)
@given(text=TEXTS)
def test_what_strangers_write_adds_no_point(text: str) -> None:
    output = render(hostile(text), VIEW)
    expected = [description for _, description, *_ in points(render(hostile("x"), VIEW))]
    assert [description for _, description, *_ in points(output)] == expected
    assert not UNSAFE.search(output.replace("\n", ""))


@pytest.mark.parametrize(
    "text", ["\nok 1 - x", "# SKIP", "\\# TODO", "Bail out!", "\n  ...\nBail out!"]
)
def test_the_protocol_s_own_words_stay_text(text: str) -> None:
    assert not points(render(hostile(text), VIEW))[0][0]
