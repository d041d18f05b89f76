"""The manual pages: they say what the parsers say, and man shows them without a warning."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from diagnose.cli.help_text import COMMANDS
from diagnose.cli.parser import build_parser
from tests.packaging.tools import PACKAGING, need, script
from tests.support.command_line import ROOT

PAGES = sorted((PACKAGING / "man1").glob("*.1"))
SECTIONS = script("manpages").SECTIONS
EXAMPLES = [
    (command, line)
    for command, sections in SECTIONS.items()
    for line in sections.get("examples", {})
]

#: What mandoc notes of pages that it shows well: lines of the source are long, and there is no
#: date before the release.
_TOLERATED = ("STYLE: input text line longer than 80 bytes", "cannot parse date")


def test_they_are_up_to_date() -> None:
    pages = script("manpages").manual_pages()
    assert {path.name for path in PAGES} == set(pages), "run: make man"
    for path in PAGES:
        assert path.read_text("utf-8") == pages[path.name], "run: make man"


@pytest.mark.parametrize(("command", "line"), EXAMPLES)
def test_an_example_is_understood(command: str, line: str) -> None:
    words = shlex.split(line)[1:]
    if command == "diagnose":
        assert build_parser().parse_intermixed_args(words).words
    else:
        assert words[0] == command
        build_parser(command).parse_intermixed_args(words[1:])


def test_every_command_has_an_example() -> None:
    commands = {command for command, _ in EXAMPLES}
    assert not {"diagnose", *COMMANDS} - commands, "add it to packaging/manpages.toml"


def test_every_variable_of_our_own_is_named() -> None:
    sources = (path.read_text("utf-8") for path in ROOT.glob("diagnose/**/*.py"))
    variables = {name for source in sources for name in re.findall(r'"(DIAGNOSE_[A-Z]+)"', source)}
    assert variables
    assert variables <= set(re.findall(r"\w+", " ".join(SECTIONS["environment"])))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_man_shows_it_without_a_warning(page: Path) -> None:
    need("man")
    done = _run("man", "--warnings", "--encoding=UTF-8", "-l", str(page))
    assert done.stderr == ""
    headings = [line for line in done.stdout.splitlines() if re.match("[A-Z]", line)]
    assert headings[1:4] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert {"EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"} <= set(headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_mandoc_has_nothing_against_it(page: Path) -> None:
    need("mandoc")
    lines = _run("mandoc", "-T", "lint", str(page)).stdout.splitlines()
    assert not [line for line in lines if not any(text in line for text in _TOLERATED)]


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
