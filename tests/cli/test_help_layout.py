"""The help follows the width of the terminal, and no command of it is cut."""

import pytest

from diagnose.cli import main
from diagnose.cli.help_layout import lay_out
from diagnose.cli.help_text import COMMANDS
from diagnose.outputs.terminal import cell_len

ENTRIES = """\
examples:
  diagnose demo                  a site that is broken, diagnosed
  diagnose demo --json shop.example.com/a/long/path | jq .verdict
  {"command": "diagnose", "args": ["mcp"]}
                                 in the settings of an agent
"""


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_only_a_command_is_wider_than_the_terminal(
    width: int,
    lang: str,
    command: str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main.main([*filter(None, [command]), "--help", "--lang", lang]) == 0
    wide = [line for line in capsys.readouterr().out.splitlines() if cell_len(line) > width]
    commands = ("  diagnose ", "  zcat ", "  curl ", '  {"', "how to ask ")
    assert [line for line in wide if not line.startswith(commands)] == []


def test_what_fits_stays_as_it_is_written() -> None:
    assert lay_out(ENTRIES, 80) == ENTRIES.splitlines()


def test_the_meaning_goes_on_beside_the_command_or_below_it() -> None:
    assert lay_out(ENTRIES, 60)[1:3] == [
        "  diagnose demo                  a site that is broken,",
        "                                 diagnosed",
    ]
    assert lay_out(ENTRIES, 40)[1:3] == [
        "  diagnose demo",
        "      a site that is broken, diagnosed",
    ]


def test_a_command_stays_whole() -> None:
    lines = lay_out(ENTRIES, 40)
    assert "  diagnose demo --json shop.example.com/a/long/path | jq .verdict" in lines
    assert lines[-2:] == [
        '  {"command": "diagnose", "args": ["mcp"]}',
        "      in the settings of an agent",
    ]


def test_a_paragraph_is_wrapped_as_one_text() -> None:
    assert lay_out("It reads. Only fix\nchanges something.\n\nThe end.", 24) == [
        "It reads. Only fix",
        "changes something.",
        "",
        "The end.",
    ]
    assert lay_out("It reads. Only fix\nchanges something.", 16) == [
        "It reads. Only",
        "fix changes",
        "something.",
    ]


def test_lines_of_chinese_are_joined_without_a_space() -> None:
    lines = lay_out("网站的问题在哪里，为什么，\n以及怎样修复 TLS\n的问题。", 24)
    assert lines == ["网站的问题在哪里，为什", "么，以及怎样修复 TLS 的", "问题。"]


def test_a_row_of_values_takes_more_lines() -> None:
    row = "exit status:\n  0 ok   1 warning   2 critical"
    assert lay_out(row, 22) == ["exit status:", "  0 ok   1 warning", "  2 critical"]


def test_an_empty_text_has_no_line() -> None:
    assert lay_out("", 80) == []
