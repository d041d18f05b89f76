"""The pages are laid out, and their text is what it was before."""

from pathlib import Path

import pytest

from diagnose.checking.texts import join_continued
from tests.support.page_lines import CHECKS, lay_out

PAGES = sorted(CHECKS.rglob("*.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(CHECKS)))
def test_a_page_is_laid_out_and_keeps_its_text(path: Path) -> None:
    page = path.read_text("utf-8")
    assert lay_out(page) == page, "make pages"
    text = join_continued(page)
    assert join_continued(lay_out(text)) == text


def sentences(*names: str) -> str:
    return "".join(f"{{{{#{name}}}}} Look at {name}.{{{{/{name}}}}}" for name in names)


NAMES = ("a", "b", "c", "d", "e", "f", "g")


def test_each_sentence_gets_a_line() -> None:
    line = "Look." + sentences(*NAMES, "h")
    assert lay_out(line).split("\n") == [
        "Look.",
        *(f"  {sentences(name)}" for name in (*NAMES, "h")),
    ]


def test_a_section_of_many_others_is_a_block() -> None:
    line = f"{{{{#known}}}}Look.{sentences(*NAMES)}{{{{/known}}}}{{{{^known}}}}Think.{{{{/known}}}}"
    assert lay_out(line).split("\n") == [
        "{{#known}}Look.", *(f"    {sentences(name)}" for name in NAMES), "  {{/known}}",
        "  {{^known}}Think.{{/known}}",
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["Open {{file}}", "Type `nginx -t. ", "Look. "])
def test_a_sentence_a_command_and_a_blank_are_not_broken(words: str) -> None:
    line = words + "{{#a}}, a{{/a}}" * 8
    assert lay_out(line) == line


def test_a_line_of_few_sections_stays() -> None:
    line = sentences(*NAMES)
    assert lay_out(line) == line
