"""The pages are laid out, and their text is what it was before."""

import pytest

from diagnose.checking.texts import join_continued
from tests.support.page_lines import CHECKS, lay_out


def test_a_page_is_laid_out_and_keeps_its_text() -> None:
    pages = {path: path.read_text("utf-8") for path in CHECKS.rglob("*.md")}
    assert len(pages) > 1000
    assert [path for path, page in pages.items() if lay_out(page) != page] == [], "make pages"
    for path, page in pages.items():
        text = join_continued(page)
        assert join_continued(lay_out(text)) == text, path


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
