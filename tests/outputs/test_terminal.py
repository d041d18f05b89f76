"""Cells, wrapping, colours, signs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.outputs.terminal import (
    Page,
    cell_len,
    choose_language,
    markdown_blocks,
    sanitize,
    terminal_charset,
    wants_ascii,
    wants_color,
    wrap,
)


def test_chinese_takes_two_cells_and_may_be_broken_anywhere() -> None:
    assert cell_len("端口 443") == 8
    assert wrap("服务器在线，并立即答复。", 12) == ["服务器在线，", "并立即答复。"]


def test_no_line_begins_with_a_comma_or_ends_with_an_opening_bracket() -> None:
    assert wrap("服务器在线中，再答复", 12) == ["服务器在线", "中，再答复"]
    assert wrap("这里是（括号）内容", 8) == ["这里是", "（括号）", "内容"]


def test_commands_in_backticks_are_never_cut() -> None:
    command = "`firewall-cmd --permanent --zone=public --add-service=https`"
    assert command in wrap(f"Run {command} on the server.", 30)


@given(st.text(alphabet="ab `，（端口", max_size=60), st.integers(4, 40))
def test_wrapping_loses_nothing_but_blanks(text: str, width: int) -> None:
    assert "".join(wrap(text, width)).replace(" ", "") == text.replace(" ", "")


@given(st.text())
def test_nothing_from_outside_controls_the_terminal(text: str) -> None:
    page = Page(80)
    page.prose(text)
    page.code(text)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in page.text())
    assert sanitize(sanitize(text)) == sanitize(text)


def test_escape_sequences_and_direction_overrides_are_replaced() -> None:
    assert sanitize("a\x1b[2Jb\u202ec\x9bd") == "a�[2Jb�c�d"


def test_markdown_is_paragraphs_lists_and_code() -> None:
    text = "One\nparagraph.\n\n- first\n- second\n\n```\n$ nginx -t\n  x\n```\n"
    text += "Last.\n\n    a;\n      b;\n"
    assert list(markdown_blocks(text)) == [
        ("paragraph", "One paragraph."),
        ("item", "first"),
        ("item", "second"),
        ("code", "$ nginx -t\n  x"),
        ("paragraph", "Last."),
        ("code", "a;\n  b;"),
    ]


def test_what_follows_in_a_numbered_step_stands_below_its_text() -> None:
    page = Page(30)
    page.markdown("Text.\n\n1. Open the port: `firewall-cmd --add-service=https`\n2. Check")
    assert page.lines == [
        "Text.",
        "1. Open the port:",
        "   `firewall-cmd --add-service=https`",
        "2. Check",
    ]


@pytest.mark.parametrize(
    ("choice", "terminal", "environment", "wanted"),
    [
        ("auto", True, {"TERM": "xterm"}, True),
        ("auto", False, {"TERM": "xterm"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", True, {}, False),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(choice: str, terminal: bool, environment: dict[str, str], wanted: bool) -> None:
    assert wants_color(choice, terminal, environment) is wanted


@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        ("auto", {"LANG": "zh_CN.UTF-8"}, False),
        ("auto", {"LANG": "en_US.utf8"}, False),
        ("auto", {"LANG": "zh_CN.GBK"}, True),
        ("auto", {"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ("auto", {}, True),
        ("auto", {"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ("auto", {"LANG": "en_US.UTF-8", "DIAGNOSE_GLYPHS": "ascii"}, True),
        ("unicode", {"LANG": "C"}, False),
    ],
)
def test_signs(choice: str, environment: dict[str, str], wanted: bool) -> None:
    assert wants_ascii(choice, environment) is wanted


@pytest.mark.parametrize(
    ("environment", "charset"),
    [
        ({"LANG": "zh_CN.GBK"}, "gbk"),
        ({"LANG": "zh_CN.GB18030"}, "gb18030"),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "iso8859-15"),
        ({"LANG": "zh_CN.GBK", "LC_CTYPE": "C.UTF-8"}, "utf-8"),
        ({"LANG": "zh_CN.GBK", "LC_ALL": "C"}, ""),
        ({"LANG": "zh_CN"}, ""),
        ({"LANG": "zh_CN.nonsense"}, ""),
        ({}, ""),
    ],
)
def test_the_character_set_of_a_locale(environment: dict[str, str], charset: str) -> None:
    assert terminal_charset(environment) == charset


@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        (None, {"LC_ALL": "zh_TW", "LC_MESSAGES": "en_US"}, "zh"),
        (None, {"DIAGNOSE_LANG": "en", "LC_ALL": "zh_CN"}, "en"),
        ("zh", {"DIAGNOSE_LANG": "en"}, "zh"),
        (None, {"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_language(choice: str | None, environment: dict[str, str], wanted: str) -> None:
    assert choose_language(choice, environment) == wanted


@pytest.mark.parametrize(
    ("source", "joined"),
    [
        ("源服务器\n拒绝连接", "源服务器拒绝连接"),
        ("由 nginx\n转发", "由 nginx 转发"),
        ("端口关闭，\n“正常”\n除外", "端口关闭，“正常”除外"),
        ("one\ntwo", "one two"),
        ("서버\n연결", "서버 연결"),
    ],
)
def test_lines_are_joined_as_their_language_is_written(source: str, joined: str) -> None:
    assert list(markdown_blocks(source)) == [("paragraph", joined)]


def test_a_line_of_spans_is_wrapped_with_its_colours() -> None:
    page = Page(20, color=True)
    page.flow(("bold", "fix"), " (read it before ", ("dim", "you run it)"), indent=2)
    assert page.lines == ["  \x1b[1mfix \x1b[0m(read it", "  before \x1b[2myou run it)\x1b[0m"]
    assert all(cell_len(re.sub(r"\x1b\[\d*m", "", line)) <= 20 for line in page.lines)


def test_a_short_line_of_spans_stays_as_it_is() -> None:
    page = Page(40)
    page.flow("two  blanks", ("bold", "."), indent=2)
    assert page.lines == ["  two  blanks."]
