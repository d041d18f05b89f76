"""Operators within braces (Configuration Manual, section 7.2)."""

import pytest

from diagnose.parsers.haproxy.braces import MAX_LINES, repaired_line, repaired_lines
from tests.support.haproxy_evidence import config

ACLS = {"down", "inside"}


@pytest.mark.parametrize(
    ("condition", "repaired"),
    [
        ("{ path /a && down }", "{ path /a } down"),
        ("{ path /a and !inside down }", "{ path /a } !inside down"),
        ("{ path /a && hdr(host) -i b }", "{ path /a } { hdr(host) -i b }"),
        ("{ ssl_fc && !path_beg /a }", "{ ssl_fc } !{ path_beg /a }"),
        ("{ path /a || path /b }", "{ path /a } || { path /b }"),
        ("{ path /a || down || inside }", "{ path /a } || down || inside"),
        ("down { path /a && inside }", "down { path /a } inside"),
        # One test, joined outside, or values that are words.
        ("{ path /a } down", ""),
        ("{ path /a } || { path /b }", ""),
        ("{ path_sub or }", ""),
        ("{ path_sub and /b }", ""),
        ("{ req.hdr(x) -m str 'a && down' }", ""),
        ("down inside", ""),
        # What is meant is not known: "or" binds less, and a word has no meaning.
        ("inside { path /a || path /b }", ""),
        ("!{ path /a && down }", ""),
        ("{ path /a && other }", ""),
        ("{ path /a && }", ""),
        ("{ && }", ""),
        ("{", ""),
    ],
)
def test_each_test_gets_braces_of_its_own(condition: str, repaired: str) -> None:
    line = "    http-request deny if "
    assert repaired_line(line + condition, ACLS) == (line + repaired if repaired else "")


def test_lines_that_have_no_condition_or_are_comments_are_left() -> None:
    assert not repaired_line("    http-request set-header X { path /a && down }", ACLS)
    assert not repaired_line("    # deny if { path /a && down }", ACLS)


def test_the_lines_of_a_file_by_their_number() -> None:
    text = (
        "frontend a\n    acl down nbsrv(a) lt 1\n"
        + "    use_backend a if { path /a && down }\n" * 30
    )
    lines = repaired_lines(config(text))
    assert len(lines) == MAX_LINES
    assert next(iter(lines))[1] == 3
