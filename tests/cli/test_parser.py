"""The help."""

import pytest

from diagnose.cli import main
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.parser import build_parser, parse
from diagnose.outputs.terminal import cell_len


def test_help_has_examples_first_and_the_exit_codes() -> None:
    text = build_parser().format_help()
    assert text.index("diagnose https://shop.example.com/") < text.index("--json")
    for part in ("0 ok", "2 critical", "64 usage", "how to look", "diagnose explain CHECK"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([command, "--help"]) == 0
    assert f"diagnose {command}" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_does_is_wrapped_for_the_terminal(
    command: str,
    lang: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main.main([command, "--help", "--lang", lang]) == 0
    head = capsys.readouterr().out.split("\n\n")[1]
    assert max(map(cell_len, head.splitlines())) <= 80


def test_an_option_of_a_command_that_is_not_the_first_word_leads_to_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["--format", "text", "fix", "--undo"]) == 64
    assert "The command comes first: diagnose fix" in capsys.readouterr().err


def test_two_dashes_end_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(None, ["--outside", "--", "-a.example.com", "--json"]).words == [
        "-a.example.com",
        "--json",
    ]
    assert parse("fix", ["--", "a.example.com"]).words == ["a.example.com"]
    assert main.main(["--format", "text", "--", "-a.example.com"]) == 64
    assert "'-a.example.com' is no host name" in capsys.readouterr().err
    assert main.main(["serve", "--", "a"]) == 64
    assert "takes no operand" in capsys.readouterr().err


def test_a_message_with_a_dash_is_told_to_stand_in_quotes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["--format", "text", "a.example.com", "nginx", "-t", "fails"]) == 64
    told = "There is no option -t. See diagnose --help. A message stands in quotes: "
    assert f"{told}diagnose a.example.com 'nginx -t fails'" in capsys.readouterr().err
