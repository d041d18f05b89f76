"""RewriteRules of a folder with a slash too many."""

from diagnose.parsers.apache.slashed_rules import slashed_rules


def rules(*lines: str) -> list[tuple[str, str]]:
    text = "\n".join(("<Directory /srv/www/>", "RewriteEngine On", *lines, "</Directory>", ""))
    return [(rule.folder, rule.corrected) for rule in slashed_rules(text, 1, 99)]


def test_the_slash_is_left_out() -> None:
    assert rules("RewriteRule ^/a/(.*)$ /b/$1 [L]") == [
        ("/srv/www", "RewriteRule ^a/(.*)$ /b/$1 [L]")
    ]
    assert rules('RewriteRule "^/a b" /b') == []
    assert rules("RewriteRule ^/?a /b", "RewriteRule ^/$ /b") == [("/srv/www", "RewriteRule ^$ /b")]


def test_rules_outside_of_a_folder_or_switched_off_are_left_alone() -> None:
    assert not list(slashed_rules("RewriteEngine On\nRewriteRule ^/a /b\n", 1, 9))
    assert not rules("RewriteEngine Off", "RewriteRule ^/a /b")


def test_a_rule_that_makes_no_page_or_stands_there_without_its_slash_is_left_alone() -> None:
    assert not rules("RewriteRule ^/secret - [F]")
    assert not rules("RewriteRule ^/a/(.*)$ /b/$1", "RewriteRule ^a/(.*)$ /b/$1")
    assert not rules("RewriteRule ^/a/(.*)$ /b/$1", "RewriteRule ^/?a/(.*)$ /b/$1")
