import pytest

from diagnose.parsers.apache.unslashed_rules import unslashed_rules


def _of(line: str) -> list[tuple[str, str]]:
    text = f"<VirtualHost *:443>\n    RewriteEngine On\n    {line}\n</VirtualHost>\n"
    return [(rule.meant, rule.corrected.strip()) for rule in unslashed_rules(text, 1, 4)]


@pytest.mark.parametrize(
    ("line", "meant", "corrected"),
    [
        ("RewriteRule ^api/(.*)$ http://a/$1", "^/api/(.*)$", "RewriteRule ^/api/(.*)$ http://a/$1"),
        ('RewriteRule "^old$" /new [R=301,L]', "^/old$", 'RewriteRule "^/old$" /new [R=301,L]'),
        ("RewriteRule ^(api|b)/ /index.php", "^/(api|b)/", "RewriteRule ^/(api|b)/ /index.php"),
    ],
)  # fmt: skip
def test_a_slash_is_written(line: str, meant: str, corrected: str) -> None:
    assert _of(line) == [(meant, corrected)]


@pytest.mark.parametrize(
    "line",
    [
        "RewriteRule ^/api/(.*)$ http://a/$1 [P]",
        "RewriteRule ^/?api/(.*)$ http://a/$1 [P]",
        "RewriteRule ^(.*)$ http://a/$1 [P]",
        "RewriteRule .* - [L]",
        "RewriteRule api/(.*)$ http://a/$1 [P]",
        "RewriteRule ^ index.php [L]",
        "# RewriteRule ^api/(.*)$ http://a/$1 [P]",
    ],
)
def test_other_patterns_are_left(line: str) -> None:
    assert not _of(line)


def test_a_pattern_with_an_optional_letter_takes_every_path() -> None:
    text = "RewriteEngine On\nRewriteRule ^a?(.*)$ /b$1\n"
    assert not any(rule.is_for("/a/b") for rule in unslashed_rules(text, 1, 2))
