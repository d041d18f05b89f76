"""Ctrl-C while the program is loading: a program that reads the output gets its document."""

import json
import subprocess
import sys
from typing import Any

import jsonschema
import pytest

from diagnose.cli.schemas import report_schema
from tests.support.command_line import ENVIRONMENT, ROOT

#: Ctrl-C is pressed when a module is about to be imported, in the import itself or in the callback
#: of a weak reference, where Python forgets the exception.
PROGRAM = """
import os, signal, sys, weakref
sys.path.insert(0, {root!r})
from diagnose.__main__ import main

class Thing:
    pass

def press(*_):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(100):
        pass

class Finder:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(Finder)
            if {forgotten}:
                thing = Thing()
                reference = weakref.ref(thing, press)
                del thing
            else:
                press()

sys.meta_path.insert(0, Finder)
sys.argv[0] = "diagnose"
main()
"""


def interrupted(
    module: str, *words: str, is_forgotten: bool = False
) -> subprocess.CompletedProcess[str]:
    code = PROGRAM.format(root=str(ROOT), module=module, forgotten=is_forgotten)
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def document(text: str) -> dict[str, Any]:
    """Return the one valid document: `loads` takes no second one behind it."""
    read: dict[str, Any] = json.loads(text)
    schema = json.loads(report_schema())
    jsonschema.validate(read, schema, jsonschema.Draft202012Validator)
    return read


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["raised", "forgotten"])
@pytest.mark.parametrize(
    "module",
    ["diagnose.cli.main", "diagnose.cli.request_parser", "asyncio", "diagnose.engine",
     "diagnose.net.local"],
)  # fmt: skip
def test_there_is_one_document_whenever_it_comes(
    module: str, is_forgotten: bool, shut: int
) -> None:
    url = f"https://127.0.0.1:{shut}/"
    result = interrupted(module, "--json", "--outside", url, is_forgotten=is_forgotten)
    read = document(result.stdout)
    assert (read["run"]["interrupted"], read["target"]["input"]) == (True, url)
    assert result.returncode == read["verdict"]["exit_code"] == 130
    assert read["verdict"]["status"] == "unknown"
    assert result.stderr == ""


def test_a_report_that_is_known_is_written_whole(shut: int) -> None:
    result = interrupted("diagnose.outputs.json", "--json", "--outside", f"127.0.0.1:{shut}")
    read = document(result.stdout)
    assert read["run"]["interrupted"] is False
    assert result.returncode == read["verdict"]["exit_code"] == 2


@pytest.mark.parametrize("module", ["checks.tcp.refused", "diagnose.checking.target_proof"])
def test_the_document_has_the_status_of_the_process(module: str, shut: int) -> None:
    result = interrupted(module, "--json", "--outside", f"127.0.0.1:{shut}")
    read = document(result.stdout)
    assert read["verdict"]["exit_code"] == result.returncode
    assert read["run"]["interrupted"] is (result.returncode == 130)


@pytest.mark.parametrize(
    ("option", "status", "beginning"),
    [
        ("--format=text", 130, ""),
        ("--nagios", 3, "DIAGNOSE UNKNOWN"),
        ("--jsonl", 130, '{"type": "started"'),
        ("--format=junit", 130, "<testsuites"),
    ],
)
def test_other_programs_get_theirs_and_people_no_report_of_nothing(
    option: str, status: int, beginning: str, shut: int
) -> None:
    result = interrupted("diagnose.engine", option, "--outside", f"127.0.0.1:{shut}")
    assert (result.returncode, result.stderr) == (status, "")
    assert result.stdout.startswith(beginning)
    assert bool(result.stdout) is bool(beginning)


def test_each_target_has_its_report(shut: int) -> None:
    words = ("--json", "--outside", f"127.0.0.1:{shut}", f"[::1]:{shut}")
    reports = json.loads(interrupted("asyncio", *words).stdout)
    assert [report["run"]["interrupted"] for report in reports] == [True, True]


def test_a_command_of_its_own_has_a_document_too() -> None:
    result = interrupted("diagnose.cli.commands", "replay", "--json", "no-such-file")
    read = document(result.stdout)
    assert (read["run"], read["verdict"]["exit_code"], result.returncode) == (None, 130, 130)


def test_what_names_no_target_ends_without_a_word() -> None:
    result = interrupted("diagnose.cli.request_parser", "--version", "--lang", "en")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")
