"""What strangers and users write, in the formats that other programs read: it adds no line, no
value and no document, and controls no terminal."""

import json
import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from prometheus_client.parser import text_string_to_metric_families

from diagnose.model import Finding, Ignore, Report
from diagnose.model.view import View
from diagnose.outputs import writer
from diagnose.parsers.sanitize import UNSAFE
from tests.support.effort import examples
from tests.support.hostile_report import TEXTS, hostile

VIEW = View(hostname="laptop")
VALUE = re.compile(r"\w+=-?\d+(\.\d+)?s?;;;0?")
#: The formats of programs. Those for people are tested by themselves.
NAMES = (
    "plain", "json", "jsonl", "nagios", "prometheus", "openmetrics", "junit", "github", "sarif",
    "tap", "zabbix", "zabbix-lld",
)  # fmt: skip


def ignoring(text: str) -> Report:
    """A hostile report whose note is ignored for a hostile reason, and an ignore that has ended."""
    ignore = Ignore("nginx.door-locked", None, text)
    ended = Ignore("tcp.door-shut", date(2020, 1, 1), text)

    def suppressed(finding: Finding) -> Finding:
        return replace(finding, suppressed_by=ignore)

    made = hostile(text)
    *others, note = made.findings
    return replace(made, findings=(*others, suppressed(note)), ignores=(ignore, ended))


def shape(name: str, text: str) -> object:
    """What a reader of the format takes from it, without the texts."""
    match name:
        case "json" | "zabbix" | "zabbix-lld" | "sarif":
            return _skeleton(json.loads(text))
        case "jsonl":
            return [_skeleton(json.loads(line)) for line in text.removesuffix("\n").split("\n")]
        case "junit":
            return [(part.tag, sorted(part.keys())) for part in ElementTree.fromstring(text).iter()]
        case "prometheus" | "openmetrics":
            families = text_string_to_metric_families(text)
            return [
                (sample.name, sorted(sample.labels))
                for family in families
                for sample in family.samples
            ]
        case "plain":
            return [line.count("\t") for line in text.removesuffix("\n").split("\n")]
        case "nagios":
            first, *rest = text.removesuffix("\n").split("\n")
            values = first.partition(" | ")[2].split()
            assert all(map(VALUE.fullmatch, values)), values
            return first.count("|"), len(values), [line.count("|") for line in rest]
        case _:
            return [line.split(" ")[0] for line in text.removesuffix("\n").split("\n")]


def _skeleton(value: object) -> object:
    if isinstance(value, dict):
        return {key: _skeleton(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_skeleton(item) for item in value]
    # A reason that is empty is null.
    return "text" if value is None or isinstance(value, str) else type(value).__name__


@pytest.mark.parametrize("name", NAMES)
@examples(25)
@given(text=TEXTS)
def test_strangers_change_nothing_but_the_texts(name: str, text: str) -> None:
    output = writer(name)(ignoring(text), VIEW)
    assert not UNSAFE.search(output.replace("\n", "").replace("\t", ""))
    assert output.endswith("\n")
    assert shape(name, output) == shape(name, writer(name)(ignoring("x"), VIEW))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "\n::error::x",
        "a | b=1;2;3",
        "\nok 1 - x",
        "]]></x>",
        '"} 1\nx 2',
        "\u202e\u2066\x9b\x1b[2J",
    ],
)
def test_the_words_of_the_formats_themselves(name: str, text: str) -> None:
    output = writer(name)(ignoring(text), VIEW)
    assert shape(name, output) == shape(name, writer(name)(ignoring("x"), VIEW))
