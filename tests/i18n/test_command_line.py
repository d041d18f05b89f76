"""The help and usage errors in Chinese: all of them, whole, and no wider than the terminal."""

import ast
import re
from collections.abc import Iterator, Sequence

import pytest

from diagnose.cli import main
from diagnose.cli.help_text import COMMANDS
from diagnose.i18n.command_line import ERROR, translate_error
from diagnose.outputs.terminal import cell_len
from tests.support import command_texts
from tests.support.command_line import ROOT


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_is_chinese_and_fits(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main.main([*filter(None, [command]), "--lang", "zh", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("用法：diagnose")
    for english in ("usage", "options", "positional", "examples", "what to", "the ", " and "):
        assert english not in text
    options = text[text.index("  --") : text.rindex("--help")]
    assert all(cell_len(line) <= 100 for line in text.splitlines())
    assert all(cell_len(line) <= 80 for line in options.splitlines())


def test_the_locale_chooses_the_language_of_the_help(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIAGNOSE_LANG", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    main.main(["--help"])
    assert "位置参数" in capsys.readouterr().out
    main.main(["--help", "--lang=en"])
    assert "positional arguments" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--foo"], "没有选项 --foo。您是否想写 --from？"),
        (["--zzzzzz"], "没有选项 --zzzzzz。请参阅 diagnose --help。"),
        (["x", "--timeout"], "参数 --timeout：需要一个值。"),
        (["--outside", "--inside"], "参数 --inside：不能与参数 --outside 同时使用。"),
        (["--json=5"], "参数 --json：不接受值 '5'。"),
        (["--format", "jsson"], "而不是 'jsson'。您是否想写 json？"),
        (["--header", "x"], '--header 的值应为 "NAME: VALUE"。'),
        (["1.2.3.999"], "'1.2.3.999' 不是 IPv4 地址：IPv4 地址是四个 0 到 255 的数字。"),
        (["explain", "tcp.refussed"], "没有检查 'tcp.refussed'。您是否想写 tcp.refused？"),
    ],
)
def test_a_usage_error_is_chinese(
    words: list[str],
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIAGNOSE_LANG", "zh")
    assert main.main(words) == 64
    assert text in capsys.readouterr().err


def test_an_error_of_a_file_keeps_its_place() -> None:
    assert (
        translate_error("/x/c.toml:3: keys.again: it has to be a string, not a number.", "zh")
        == "/x/c.toml:3: keys.again: 应为字符串，而不是数字。"
    )


def test_every_error_finds_its_translation_by_its_own_template() -> None:
    errors = [text for context, text in command_texts.texts() if context == ERROR]
    for template in errors:
        numbers = re.findall(r"\{(\d+)\}", template)
        filled = template.format(*(f"<{number}>" for number in numbers))
        if not template.endswith(".{" + (numbers or ["-"])[-1] + "}"):
            translated = translate_error(filled, "zh")
            assert translated != filled, template
            assert all(f"<{number}>" in translated for number in numbers)


def test_english_and_what_a_machine_said_stay() -> None:
    assert translate_error("There is no option --foo.", "en") == "There is no option --foo."
    assert translate_error("Connection refused", "zh") == "Connection refused"


def test_without_a_target_the_examples_are_in_the_language(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["--lang", "zh", "--format", "text"]) == 64
    assert "缺少 TARGET" in capsys.readouterr().err


def test_what_is_said_to_a_person_is_no_literal() -> None:
    """Except the exporter's line, which goes into the log of a service."""
    literal = [
        words
        for path in sorted((ROOT / "diagnose/cli").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"write", "write_note", "write_if_possible"}
        for words in [" ".join(_constants(call.args[:1]))]
        if len(re.findall(r"[A-Za-z]{3,}", words)) > 1
    ]
    assert literal == ["diagnose serve: The resident listens at  ."]


def _constants(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The text that stands in an argument itself: a string, or that of an f-string."""
    for node in nodes:
        for part in node.values if isinstance(node, ast.JoinedStr) else [node]:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value.rstrip("\n")
