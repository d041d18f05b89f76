"""What is read and not run here: the units, the shell scripts, the container's recipe."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.cli.parser import build_parser
from tests.packaging.tools import PACKAGING, need
from tests.support.command_line import ROOT

CONTAINERFILE = PACKAGING / "container" / "Containerfile"
SERVICE = PACKAGING / "systemd" / "diagnose-watch@.service"
SCRIPTS = sorted([*PACKAGING.glob("*.sh"), *PACKAGING.glob("debian/p*")])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_understood_by_sh(script: Path) -> None:
    done = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_calls_diagnose_as_it_is() -> None:
    text = SERVICE.read_text("utf-8")
    (words,) = re.findall(r"^ExecStart=/usr/bin/diagnose (.*)$", text, re.MULTILINE)
    (options,) = re.findall(r"OPTIONS=(\S+)", text)
    words = words.replace("$OPTIONS", options).replace("${TARGET}", "shop.example.com")
    values = build_parser().parse_intermixed_args(shlex.split(words))
    assert (values.format, values.outside) == ("prometheus", True)
    assert values.words == ["shop.example.com"]


def test_the_service_takes_every_state_of_a_site_for_success() -> None:
    assert "\nSuccessExitStatus=1 2 3\n" in SERVICE.read_text("utf-8")


def test_the_recipe_copies_files_that_are_there() -> None:
    lines = re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)
    sources = [name for line in lines for name in line.split()[:-1]]
    assert {"diagnose", "checks", "pyproject.toml", "constraints.txt"} <= set(sources)
    assert [name for name in sources if not (ROOT / name).exists()] == []
    ignored = (ROOT / ".containerignore").read_text("utf-8").split()
    assert not set(ignored) & set(sources)


def test_hadolint_has_nothing_against_the_recipe() -> None:
    beside = str(Path(sys.executable).parent / "hadolint")
    need(beside)
    argv = [beside, "--format", "json", str(CONTAINERFILE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == []
