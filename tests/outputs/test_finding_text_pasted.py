"""A step as it is printed, pasted into a shell: exactly what it says arrives, whatever is in it."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diagnose.model import Command, Edit, Effect
from diagnose.outputs.finding_text import shell_command, undo_command
from diagnose.parsers.nginx.edits import apply_patch, diff
from tests.support.effort import examples

#: What a shell would make something of, beside all other letters but NUL, which no argument holds.
PIECES = ("'", '"', "\\", "\n", "$(id)", "`id`", "$HOME", "*", "~", "-", "--", " ", "!", "#", ";&|")
LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
HOSTILE = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(LETTERS, max_size=4)), max_size=6
).map("".join)
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["DIAGNOSE", "$(id)", "`id`", "\tlisten 443;", "--- a", "+++ b", "@@", "\\", ""]
        ),
        st.text(LETTERS.filter(lambda one: one not in "\n\r"), max_size=8),
    ),
    max_size=8,
)
TEXT = st.builds(
    lambda lines, end, last: end.join(lines) + (end if lines and last else ""),
    LINES,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def pasted(text: str, folder: str | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["sh"], input=text.encode() + b"\n", capture_output=True, cwd=folder)


def arrived(text: str) -> list[str]:
    """The arguments that a shell hands on."""
    done = pasted(text)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@examples(60)
@given(st.lists(HOSTILE, min_size=1, max_size=4))
@example(["-n", "", "--", "a\nb"])
def test_a_command_and_its_undo_are_given_just_these_arguments(words: list[str]) -> None:
    argv = ("printf", "%s\\0", *words)
    assert arrived(shell_command(Command(argv, Effect.CHANGE))) == words
    assert arrived(undo_command(Command(("true",), Effect.CHANGE, undo=argv))) == words


@pytest.mark.parametrize("name", ["a b", "$(id)", "`id`", "it's", '"', "-x", "a\nb", "名字", "*;"])
def test_a_program_of_any_name_is_the_one_that_is_started(name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    program.write_text("#!/bin/sh\nprintf started\n")
    program.chmod(0o755)
    assert pasted(shell_command(Command((str(program), "x"), Effect.CHANGE))).stdout == b"started"


@examples(60)
@given(TEXT, TEXT)
@example("a\n", "DIAGNOSE\n")
@example("DIAGNOSE\nid\n", "DIAGNOSE\nid")
@example("a\r\n\tb\r\n", "a\r\n\tB\r\nDIAGNOSE\r\n")
@example("a", "a\n")
@example("", "new\n")
def test_an_edit_makes_of_a_file_exactly_what_was_meant(before: str, after: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "it's $(one) -x.conf")
        if before:
            file.write_bytes(before.encode())
        edit = Edit(str(file), diff(str(file), before, after))
        if not edit.diff:
            return
        assert apply_patch(before, edit.diff) == after
        done = pasted(shell_command(edit), folder)
        left = file.read_bytes() if file.exists() else b""
        assert left == after.encode(), done
        assert {one for one in Path(folder).iterdir() if one.suffix != ".orig"} <= {file}
