"""Workflow commands of GitHub Actions, read back as the runner reads them."""

import re

import pytest
from hypothesis import given

from diagnose.model.view import View
from diagnose.outputs.github import render
from diagnose.parsers.sanitize import UNSAFE
from tests.support.effort import examples
from tests.support.hostile_report import TEXTS, hostile
from tests.support.report_builder import healthy, mended, report

VIEW = View(hostname="laptop")

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Each line as the runner reads it (ActionCommand.cs): level, properties, message."""
    read = []
    for line in text.removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = (pair.partition("=") for pair in match[2].split(","))
        properties = {name: _unescaped(value) for name, _, value in pairs}
        assert set(properties) <= {"file", "line", "col", "endColumn", "title"}
        read.append((match[1], properties, _unescaped(match[3])))
    return read


def _unescaped(text: str) -> str:
    for escape, character in (
        ("%0D", "\r"),
        ("%0A", "\n"),
        ("%3A", ":"),
        ("%2C", ","),
        ("%25", "%"),
    ):
        text = text.replace(escape, character)
    return text


def test_a_cause_is_annotated_at_its_place_with_its_commands() -> None:
    ((level, properties, message),) = commands(render(mended(), VIEW))
    assert level == "error"
    assert properties.pop("title").startswith("nginx.door-locked: ")
    assert properties == {
        "file": "/etc/nginx/conf.d/shop.conf", "line": "2", "col": "5", "endColumn": "11",
    }  # fmt: skip
    assert "explains: tcp.door-shut" in message
    assert message.splitlines()[-1].startswith("$ ")


@pytest.mark.parametrize(("made", "level"), [(healthy(), "notice"), (report(), "error")])
def test_a_verdict_without_a_cause_is_one_annotation(made: object, level: str) -> None:
    ((shown, _, _),) = commands(render(made, VIEW))  # type: ignore[arg-type]
    assert shown == level


@examples(60)
@given(text=TEXTS)
def test_what_strangers_write_is_no_command(text: str) -> None:
    output = render(hostile(text), VIEW)
    shown = commands(output)
    assert [level for level, _, _ in shown] == ["error", "notice"]
    assert not UNSAFE.search(output.replace("\n", ""))


@pytest.mark.parametrize(
    "text",
    ["\n::error::x", "\r\n::set-output name=a::b", "::stop-commands::x", "%0A::error::", "a,b:c"],
)
def test_the_runner_s_own_words_stay_text(text: str) -> None:
    assert len(commands(render(hostile(text), VIEW))) == 2
