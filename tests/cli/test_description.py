"""The command line as data: it says what the parsers say."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from diagnose.checking.registry import check_ids
from diagnose.cli import main
from diagnose.cli.description import CHOICES, SHELLS, completion_script, specification
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.parser import build_parser

#: What bash runs at <Tab>: the words that complete the last word of a line.
COMPLETE = """
. "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
compopt() { :; }
$(complete -p diagnose | sed 's/.*-F \\([^ ]*\\).*/\\1/') diagnose "${COMP_WORDS[COMP_CWORD]}" ''
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_every_command_is_there_with_its_options() -> None:
    document = json.loads(specification())
    commands = {command["name"]: command for command in document["commands"]}
    assert set(commands) == {"diagnose", *(f"diagnose {name}" for name in COMMANDS)}
    flags = {flag for option in commands["diagnose"]["options"] for flag in option["flags"]}
    assert {"--json", "--server", "--wait", "-q", "--quiet", "--spec"} <= flags
    assert {"--ignore", "--config", "-o", "--output", "-w", "--critical"} <= flags
    assert "--ignore" in {
        flag for option in commands["diagnose replay"]["options"] for flag in option["flags"]
    }
    assert document["exit_status"]["2"] == "critical"


def test_an_option_says_what_it_takes() -> None:
    (run, *_) = json.loads(specification())["commands"]
    options = {option["flags"][-1]: option for option in run["options"]}
    assert options["--color"]["choices"] == ["auto", "always", "never"]
    assert (options["--timeout"]["value"], options["--timeout"]["default"]) == ("SECONDS", 15.0)
    assert options["--ws"]["repeatable"]
    assert options["--json"]["value"] is None


@pytest.mark.parametrize(
    ("option", "word"), [(option, word) for option in CHOICES for word in CHOICES[option]]
)
def test_every_word_that_is_offered_is_taken(option: str, word: str) -> None:
    assert build_parser().parse_args([option, word])


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script_for_each_shell(shell: str) -> None:
    script = completion_script(shell)
    for word in ("--format", "prometheus", "explain", check_ids()[0]):
        assert word in script


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--col"], ["--color"]),
        (["--color", "a"], ["auto", "always"]),
        (["exp"], ["explain"]),
        (["explain", "tcp.ref"], ["tcp.refused"]),
        (["fix", "--und"], ["--undo"]),
        (["conf"], ["config"]),
        (["config", "--tim"], ["--timeout"]),
        (["--ignore", "tcp.ref"], ["tcp.refused"]),
        (["--format", "zab"], ["zabbix", "zabbix-lld"]),
    ],
    ids=shlex.join,
)
def test_bash_completes(words: list[str], expected: list[str], tmp_path: Path) -> None:
    script = tmp_path / "diagnose"
    script.write_text(completion_script("bash"))
    result = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", script, "diagnose", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(expected) <= set(result.stdout.split())
    assert all(word.startswith(words[-1]) for word in result.stdout.split())


@pytest.mark.skipif(shutil.which("tcsh") is None, reason="tcsh is not here")
def test_tcsh_takes_its_script(tmp_path: Path) -> None:
    script = tmp_path / "diagnose.tcsh"
    script.write_text(completion_script("tcsh"))
    result = subprocess.run(
        ["tcsh", "-f", "-c", f"source {script}; complete diagnose"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "explain" in result.stdout


def test_every_option_is_one_argument_for_zsh(capsys: pytest.CaptureFixture[str]) -> None:
    """A quote or a colon that is not escaped in one of them ends the completion of all."""
    assert main.main(["--completion", "zsh"]) == 0
    script = capsys.readouterr().out
    options = re.findall(r'^  (?:"\*"|\{\S+\}|"[*-])+.*$', script, re.MULTILINE)
    assert len(options) > 100
    for option in options:
        quoted = re.fullmatch(r'\s*(?:"\*")?(?:\{\S+\})?"((?:[^"\\]|\\.)*)"', option)
        assert quoted, option
        assert len(re.split(r"(?<!\\):", quoted[1])) <= 3, option


def test_a_shell_that_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--completion", "ksh"]) == 64
    assert "bash, zsh, fish" in capsys.readouterr().err
