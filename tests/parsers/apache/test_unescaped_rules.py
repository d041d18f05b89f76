"""The rule that writes a part of the path into the query as it is."""

import pytest

from diagnose.parsers.apache.unescaped_rules import MAX_RULES, unescaped_rule

PATH = "/tag/red%20shoes?page=2"


def corrected(*lines: str, is_relative: bool = False) -> str:
    rows = ((number, line, is_relative) for number, line in enumerate(lines, 1))
    rule = unescaped_rule(rows, PATH)
    return rule.corrected if rule else ""


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("RewriteRule ^/tag/(.*)$ /i.php?t=$1 [L]", "RewriteRule ^/tag/(.*)$ /i.php?t=$1 [B,L]"),
        ("RewriteRule ^/tag/(.*) /i.php?t=$1", "RewriteRule ^/tag/(.*) /i.php?t=$1 [B]"),
        (
            '  RewriteRule "^/TAG/(.*)$" "/i.php?t=$1" "[NC, L]"',
            '  RewriteRule "^/TAG/(.*)$" "/i.php?t=$1" [B,NC, L]',
        ),
        (
            "RewriteRule ^/tag/(.*)$ /x/$1?t=$1 [PT]",
            'RewriteRule ^/tag/(.*)$ /x/$1?t=$1 "[B= ?&#,BNP,PT]"',
        ),
    ],
)
def test_rule_gets_the_flag(line: str, result: str) -> None:
    assert corrected("RewriteEngine On", line) == result


def test_pattern_of_a_folder_is_without_the_first_slash() -> None:
    line = "RewriteRule ^tag/(.*)$ i.php?t=$1 [L]"
    assert corrected(line) == ""
    assert corrected(line, is_relative=True) == line.replace("[L]", "[B,L]")


@pytest.mark.parametrize(
    "line",
    [
        "RewriteRule ^/tag/(.*)$ /i.php?t=$1 [B,L]",
        "RewriteRule ^/other/(.*)$ /i.php?t=$1 [L]",
        "RewriteRule ^/tag/(.*)$ /$1 [L]",
        "RewriteRule ^/tag/(.*)$",
        "RewriteRule",
        "# RewriteRule ^/tag/(.*)$ /i.php?t=$1 [L]",
        "RewriteRule ^/tag/(.*)$ /i.php?t=$1 [L] [R]",
    ],
)
def test_other_rules_stay(line: str) -> None:
    assert corrected(line) == ""


def test_two_rules_leave_it_open() -> None:
    line = "RewriteRule ^/tag/(.*)$ /i.php?t=$1 [L]"
    assert corrected(line, line) == ""
    assert corrected(*["RewriteRule x y"] * MAX_RULES, line) == ""
