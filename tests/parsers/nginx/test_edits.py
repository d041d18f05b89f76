"""Edits, and that patch(1) takes them as they are."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import parse, walk
from tests.support.effort import examples

LINES = st.lists(st.text(alphabet="ab \t\r\x0c\u2028", max_size=4), max_size=12)


def patched(folder: Path, before: str, diff: str) -> str:
    path = folder / "a.conf"
    path.write_bytes(before.encode())
    result = subprocess.run(
        ["patch", "--batch", "--forward", "--binary", str(path)], input=diff.encode(), check=False,
        capture_output=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return path.read_bytes().decode()


@pytest.mark.skipif(not shutil.which("patch"), reason="patch is not installed")
@examples(40)
@given(before=LINES, after=LINES, ends=st.booleans())
def test_patch_makes_of_one_text_the_other(
    tmp_path: Path, before: list[str], after: list[str], ends: bool
) -> None:
    # patch deletes a file that it empties, which no edit does.
    one, other = "\n".join([*before, "x"]), "\n".join([*after, "y"]) + "\n" * ends
    assert patched(tmp_path, one, edits.diff("a.conf", one, other)) == other


def test_no_change_is_no_diff() -> None:
    assert edits.diff("a.conf", "a\n", "a\n") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {\n\tb;\n}\n", "a {\n\tb;\n\tc;\n}\n"),
        ("a {\n  b; # why\n}\n", "a {\n  b; # why\n  c;\n}\n"),
        ("a { b; }\n", "a { b;\n    c;\n}\n"),
        ("  a { b; d; }", "  a { b;\n      c;\n  d; }"),
        ("a {\r\n  b;\r\n}\r\n", "a {\r\n  b;\r\n  c;\r\n}\r\n"),
        ("b;", "b;\nc;"),
    ],
)
def test_lines_behind_a_directive(text: str, expected: str) -> None:
    directive = next(one for one in walk(parse(text, "f")) if one.name == "b")
    assert edits.apply_edits(text, edits.insert_after(text, directive, ["c;"])) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {\n  b;\n}\n", "a {\n  c;\n  b;\n}\n"),
        ("a { b; }\n", "a {\n    c;\n    b; }\n"),
        ("a {}\n", "a {\n    c;\n    }\n"),
    ],
)
def test_lines_at_the_beginning_of_a_block(text: str, expected: str) -> None:
    directive = parse(text, "f")[0]
    assert edits.apply_edits(text, edits.insert_first(text, directive, ["c;"])) == expected


def test_lines_before_a_directive_and_others_instead_of_it() -> None:
    text = "x;\n  a;\n"
    one = parse(text, "f")[1]
    assert (
        edits.apply_edits(text, edits.insert_before(text, one, ["b;", ""])) == "x;\n  b;\n\n  a;\n"
    )
    assert edits.apply_edits(text, edits.replace_directive(one, "b;")) == "x;\n  b;\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {\n  b;\n  c;\n}\n", "a {\n  c;\n}\n"),
        ("a {\r\n  b;\r\n  c;\r\n}\r\n", "a {\r\n  c;\r\n}\r\n"),
        ("a { b; c; }\n", "a { c; }\n"),
        ("  b; # why\n", "  # why\n"),
        ("b;", ""),
    ],
)
def test_a_directive_is_gone_with_its_line(text: str, expected: str) -> None:
    directive = next(one for one in walk(parse(text, "f")) if one.name == "b")
    assert edits.apply_edits(text, edits.remove_directive(text, directive)) == expected


@given(before=LINES, after=LINES)
def test_the_lines_that_a_diff_makes_are_those_that_are_new(
    before: list[str], after: list[str]
) -> None:
    one, other = "\n".join([*before, "x"]), "\n".join([*after, "y"])
    made = list(edits.added_line_numbers(edits.diff("a.conf", one, other)))
    had, have = one.split("\n"), other.split("\n")
    kept = [line for number, line in enumerate(have, 1) if number not in made]
    assert len(made) == len(set(made))
    assert not Counter(kept) - Counter(had)
    assert made[-1] == len(have)


def test_lines_at_the_end_of_a_block() -> None:
    text = "location / {\n    include a;\n}\nlocation /b { include b; }\n"
    first, second = parse(text, "/n.conf")
    assert edits.apply_edits(text, edits.insert_last(text, first, ["x 1;"])) == text.replace(
        "include a;\n", "include a;\n    x 1;\n"
    )
    assert edits.apply_edits(text, edits.insert_last(text, second, ["x 1;"])) == text.replace(
        "{ include b; }", "{ include b;\n    x 1;\n}"
    )


def test_added_lines_have_the_ends_of_the_file() -> None:
    text = "a;\r\nb;\r\n"
    (first, _) = parse(text, "a.conf")
    edit = edits.replace_directive(first, "c;\nd;")
    assert edits.apply_edits(text, edit) == "c;\r\nd;\r\nb;\r\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a  b\n\t c ;", "a b c;"),
        ("add_header A # } ;\n  'b # c;' # d\n  always;", "add_header A 'b # c;' always;"),
        ('a "b \\" {" ${c}d e#f;', 'a "b \\" {" ${c}d e#f;'),
        ("location / { a b }", "a b;"),
        ("a 'b", "a 'b;"),
    ],
)
def test_a_directive_in_one_line(text: str, line: str) -> None:
    directive = next(one for one in walk(parse(text, "f")) if one.name != "location")
    assert edits.one_line(text, directive) == line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "server {\n  a;\n  location / {\n  }\n}\n",
            "server {\n  a;\n  location /ws {\n    b;\n  }\n\n  location / {\n  }\n}\n",
        ),
        (
            "server {\n  include x;\n}\n",
            "server {\n  include x;\n  location /ws {\n      b;\n  }\n}\n",
        ),
        (
            "server { include x; }\n",
            "server { include x;\n    location /ws {\n        b;\n    }\n}\n",
        ),
    ],
    ids=["before the first", "the locations are in another file", "one line"],
)
def test_a_location_is_added(text: str, expected: str) -> None:
    (server,) = parse(text, "f")
    edit = edits.insert_location(text, server, "location /ws", ["b;"])
    assert edits.apply_edits(text, edit) == expected


def test_an_edit_knows_the_file_of_its_directive() -> None:
    text = "server { a; }\n"
    (server,) = parse(text, "f")
    (directive,) = server.block or ()
    made = (
        edits.insert_after(text, directive, ["b;"]),
        edits.insert_before(text, directive, ["b;"]),
        edits.insert_first(text, server, ["b;"]),
        edits.insert_last(text, server, ["b;"]),
        edits.replace_directive(directive, "b;"),
        edits.remove_directive(text, directive),
    )
    assert {each.file for each in made} == {"f"}


def test_the_lines_that_a_patch_adds_and_where() -> None:
    before = "".join(f"{n}\n" for n in range(12))
    after = before.replace("2\n", "2\na\nb\n", 1).replace("10\n", "10\nc\n")
    assert edits.additions(edits.diff("f", before, after)) == [(3, ["a", "b"]), (11, ["c"])]
    assert edits.additions(edits.diff("f", before, before.replace("4\n", "x\n"))) is None
    assert edits.additions("") == []
