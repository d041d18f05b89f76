"""The skill for agents: its commands run, and what it shows is what they print."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from diagnose.cli.demo.nginx_site import find_nginx
from diagnose.cli.help_text import COMMANDS
from diagnose.cli.request_parser import parse_replay, parse_run
from tests.support.command_line import diagnose

SKILL = Path(__file__).parents[2] / "packaging" / "skill" / "diagnose" / "SKILL.md"
TEXT = SKILL.read_text("utf-8")
#: A block of commands, and the excerpt of the output that stands before the next such block.
BLOCKS = re.findall(r"```sh\n(.*?)```((?:(?!```sh).)*)", TEXT, re.DOTALL)
COMMAND_LINES = [line for block, _ in BLOCKS for line in block.splitlines()]
EXAMPLES = [
    (block.strip(), json.loads(excerpt[1]))
    for block, rest in BLOCKS
    if (excerpt := re.search(r"```json\n(.*?)```", rest, re.DOTALL))
]


#: What is different in each run of the demonstration.
_FOLDER = re.compile(r"/tmp/diagnose-demo-\w+")


def is_within(excerpt: Any, whole: Any) -> bool:
    """Whether a document holds everything that an excerpt shows."""
    if isinstance(excerpt, dict):
        return isinstance(whole, dict) and all(
            name in whole and is_within(value, whole[name]) for name, value in excerpt.items()
        )
    if isinstance(excerpt, list):
        return (
            isinstance(whole, list)
            and len(excerpt) == len(whole)
            and all(map(is_within, excerpt, whole))
        )
    if isinstance(excerpt, str) and isinstance(whole, str):
        return _FOLDER.sub("/tmp/demo", excerpt) == _FOLDER.sub("/tmp/demo", whole)
    return bool(excerpt == whole)


def test_its_front_matter_is_that_of_a_skill() -> None:
    """https://agentskills.io/specification"""
    _, front, _ = TEXT.split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    assert fields["name"] == SKILL.parent.name
    assert 0 < len(fields["description"]) <= 1024
    assert len(fields["compatibility"]) <= 500


def test_it_is_below_5000_tokens() -> None:
    # English and JSON take more than three characters a token.
    assert len(TEXT) < 5000 * 3


@pytest.mark.parametrize(("command", "excerpt"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_prints_what_is_shown(command: str, excerpt: dict[str, Any]) -> None:
    program, *words = shlex.split(command)
    assert program == "diagnose"
    if "demo" in words and find_nginx() is None:
        pytest.skip("there is no nginx here")
    ended = diagnose(*words, LANG="en_US.UTF-8", TMPDIR="/tmp")
    document = json.loads(ended.stdout)
    assert is_within(excerpt, document), document["verdict"]
    if "demo" not in words:
        assert ended.returncode == document["verdict"]["exit_code"]


def test_there_are_three_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("line", [line for line in COMMAND_LINES if "TARGET" in line])
def test_a_command_for_a_target_can_be_called_so(line: str) -> None:
    program, *words = shlex.split(line.replace("TARGET", "shop.example.com"))
    assert program == "diagnose"
    request = parse_run(words)
    assert request.output.format == "json"
    assert [target.host for target in request.targets] == ["shop.example.com"]  # type: ignore[union-attr]


def test_every_command_asks_for_json() -> None:
    assert all("--json" in shlex.split(line) for line in COMMAND_LINES)
    assert parse_replay(["--json", "FILE"]).output.format == "json"


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"`?diagnose (fix|record|replay|explain|demo|bundle|\w+) ", TEXT))
    assert {"fix", "replay", "explain"} <= named & set(COMMANDS)
