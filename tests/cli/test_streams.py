"""Standard streams that are closed, full or gone: what is said stays readable, nothing raises, and
the terminal is as it was."""

import os
import pty
import re
import shutil
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.support.effort import ALL

RUN = f"exec timeout -k 5 60 {sys.executable} -m diagnose"
#: Nothing listens there.
TARGET = "http://127.0.0.1:9/"
COMMANDS = {
    "text": f"{TARGET} --format text",
    "json": f"{TARGET} --json",
    "jsonl": f"{TARGET} --format jsonl",
    "html": f"{TARGET} --format html",
    "record": f"record {TARGET} -o x.jsonl",
    "fix": f"fix --dry-run {TARGET}",
    "demo": "demo --format text",
    "list": "list",
    "explain": "explain tcp.refused",
    "version": "--version",
    "help": "--help",
    "usage": "--nonsense",
}
#: What each ends in; a target that refuses is critical.
USUAL = dict.fromkeys(COMMANDS, 0) | dict.fromkeys(
    ("text", "json", "jsonl", "html", "record", "fix"), 2
) | {"usage": 64}  # fmt: skip
CLOSED = (">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-", "2>/dev/full")
TRIED = [
    (command, closed)
    for number, command in enumerate(COMMANDS)
    for closed in (CLOSED if ALL else (CLOSED[0], CLOSED[1 + number % 5]))
]


def run(command: str, redirection: str, folder: Path) -> tuple[int, str]:
    """The exit status, and everything that was said where somebody could read it."""
    bash = shutil.which("bash")
    assert bash is not None
    environment = {**os.environ, "DIAGNOSE_DEBUG": "", "HOME": str(folder)}
    ended = subprocess.run(
        [bash, "-c", f"{RUN} {command} {redirection}"],
        cwd=folder, env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=90,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("command", "words"), [("list", "证书"), ("no-such-command", "没有"), ("--help", "用法")]
)
def test_the_character_set_of_a_locale_that_is_not_installed_is_used(
    command: str, words: str, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "zh_CN.GBK",
                   "PYTHONPATH": str(Path(__file__).parents[2])}  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "diagnose", command],
        cwd=tmp_path, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert words in (result.stdout + result.stderr).decode("gbk")


@pytest.mark.parametrize(("command", "redirection"), TRIED)
def test_a_closed_stream_changes_nothing_else(
    command: str, redirection: str, tmp_path: Path
) -> None:
    status, said = run(COMMANDS[command], redirection, tmp_path)
    assert status == USUAL[command]
    assert "Traceback" not in said
    assert "A fault of diagnose" not in said


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"record", "fix", "help", "usage"}))
def test_a_full_disk_is_said(command: str, tmp_path: Path) -> None:
    status, said = run(COMMANDS[command], ">/dev/full", tmp_path)
    assert (status, said) == (64, "diagnose: Standard output: No space left on device.\n")


def test_a_fix_goes_on_without_a_reader(tmp_path: Path) -> None:
    assert run(COMMANDS["fix"], ">/dev/full", tmp_path) == (2, "")


def test_a_recording_that_does_not_fit_is_said(tmp_path: Path) -> None:
    status, said = run(f"record {TARGET} -o /dev/full", "", tmp_path)
    assert (status, said) == (64, "diagnose: /dev/full: No space left on device.\n")


@pytest.mark.parametrize("colour", ["", "NO_COLOR=1"])
def test_colours_only_where_they_are_wanted(colour: str, tmp_path: Path) -> None:
    said = on_a_terminal(f"{colour} TERM=xterm-256color", COMMANDS["text"], tmp_path)
    assert b"refused" in said
    assert bool(re.search(rb"\x1b\[[0-9;]+m", said)) is not bool(colour)


def on_a_terminal(environment: str, command: str, folder: Path) -> bytes:
    """What appears on a terminal, which must be left in the state it was in."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    code = f"export {environment}; {RUN} {command}"
    process = subprocess.Popen(
        ["bash", "-c", code], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(folder)},
        start_new_session=True,
    )  # fmt: skip
    said = b""
    while process.poll() is None:
        said += _read(master, 0.1)
    said += _read(master, 0.1)
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)
    return said


def _read(master: int, seconds: float) -> bytes:
    import select

    said = b""
    while select.select([master], [], [], seconds)[0]:
        said += os.read(master, 65536)
    return said


@pytest.mark.parametrize("command", ["text", "json", "fix", "demo"])
def test_a_terminal_that_goes_ends_in_silence(command: str, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    with (tmp_path / "errors").open("wb") as errors:
        process = subprocess.Popen(
            ["bash", "-c", f"{RUN} {COMMANDS[command]}"], stdin=slave, stdout=slave, stderr=errors,
            cwd=tmp_path, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
    os.close(slave)
    os.close(master)
    process.wait(90)
    said = (tmp_path / "errors").read_text()
    assert "Traceback" not in said
    assert "A fault of diagnose" not in said
