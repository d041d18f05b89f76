"""Our own commands, read by `head`: they end without a word."""

import os
import subprocess
import sys

import pytest

from tests.support.command_line import ROOT

SIGPIPE_STATUS = 141


def run(*argv: str) -> tuple[int, str]:
    """The status and what is said, where nobody reads the output."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = subprocess.run(
            [sys.executable, *argv],
            cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writer)
    return result.returncode, result.stderr


@pytest.mark.parametrize("words", ["tests.lab list", "tests.hostile no-such-server"])
def test_a_command_ends_with_its_reader(words: str) -> None:
    assert run("-m", *words.split()) == (SIGPIPE_STATUS, "")


def test_what_it_has_to_clean_up_is_cleaned_up() -> None:
    code = """
import sys
from tests.support.closed_pipe import ends_with_its_reader
with ends_with_its_reader():
    try:
        print("x" * 100_000, flush=True)
    finally:
        sys.stderr.write("cleaned up")
"""
    assert run("-c", code) == (SIGPIPE_STATUS, "cleaned up")


def test_a_broken_pipe_to_anything_else_is_an_error() -> None:
    code = """
from tests.support.closed_pipe import ends_with_its_reader
with ends_with_its_reader():
    raise BrokenPipeError("of a server")
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "of a server" in result.stderr
