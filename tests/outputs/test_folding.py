"""Long commands on the screen: the same to a shell."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from diagnose.outputs.folding import FoldingPage, fold_command
from diagnose.outputs.terminal import Page, cell_len

LONG = (
    "$ curl -sS -o /dev/null --resolve shop.example.com:443:203.0.113.10 https://shop.example.com/"
)


def test_a_short_command_stays_as_it_is() -> None:
    assert fold_command("$ nginx -t", 20) == ["$ nginx -t"]


def test_lines_after_the_first_are_indented_and_continue_it() -> None:
    assert fold_command(LONG, 60) == [
        "$ curl -sS -o /dev/null \\",
        "    --resolve shop.example.com:443:203.0.113.10 \\",
        "    https://shop.example.com/",
    ]


def test_quoted_blanks_and_comments_are_no_place_for_a_break() -> None:
    command = "$ sh -c 'one two three four five six' # as the user of nginx"
    assert fold_command(command, 20) == [
        "$ sh -c \\",
        "    'one two three four five six' # as the user of nginx",
    ]


def test_several_lines_are_left_alone() -> None:
    edit = "$ patch -p0 /etc/nginx/nginx.conf <<'EOF'\n-one two three\n+one\nEOF"
    assert fold_command(edit, 20) == edit.split("\n")


def test_only_a_page_that_folds_does() -> None:
    page, folding = Page(60), FoldingPage(60)
    page.code(LONG)
    folding.code(LONG, 4)
    assert len(page.lines) == 1
    assert all(cell_len(line) <= 60 for line in folding.lines)
    assert len(folding.lines) == 3


@given(st.lists(st.text("ab'\"\\ #$端", min_size=1, max_size=12), min_size=1), st.integers(8, 40))
def test_a_shell_reads_the_same_command(words: list[str], width: int) -> None:
    command = shlex.join(words)
    lines = fold_command(f"$ {command}", width)
    assert shlex.split("\n".join(lines)[2:].replace("\\\n", "")) == words
