"""What is wrong in an .htaccess."""

import pytest

from diagnose.parsers.apache.htaccess import (
    circling_rule,
    faulty_lines,
    is_php_setting,
    mended_lines,
)

FLAGS = "RewriteRule: bad flag delimiters"
PHP = "Invalid command 'php_flag', perhaps misspelled or defined by a module not included"


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("RewriteRule .* - [E=A:no cache]", 'RewriteRule .* - "[E=A:no cache]"'),
        ("  RewriteRule ^(.*)$ index.php?q=$1 [L, QSA]",
         '  RewriteRule ^(.*)$ index.php?q=$1 "[L, QSA]"'),
        ("RewriteRule ^foo bar$ /x [L]", ""),
        ("RewriteRule ^(.*)$ index.php [L,QSA", ""),
    ],
)  # fmt: skip
def test_a_rule_whose_flags_have_a_blank(line: str, new: str) -> None:
    """Issue 22 of opengeek/statcache."""
    text = f"RewriteEngine On\n{line}\nRewriteRule ^a$ b [L,QSA]\nRewriteRule ^c$ d\n"
    assert faulty_lines(text, FLAGS) == (2,)
    assert mended_lines(text, FLAGS) == ({2: (new,)} if new else {})


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ("RewriteBase https://shop.example.com/blog/", "RewriteBase /blog/"),
        ("  RewriteBase https://shop.example.com", "  RewriteBase /"),
        ("RewriteBase blog", "RewriteBase /blog"),
        ("RewriteBase /blog", ""),
        ("RewriteBase ../blog%20a", ""),
    ],
)
def test_a_base_that_is_no_path(line: str, new: str) -> None:
    """Issue 1527 of nextcloud/docker."""
    message = "RewriteBase: argument is not a valid URL"
    assert mended_lines(f"RewriteEngine On\n{line}\n", message) == ({2: (new,)} if new else {})


OPTION = "Option {} not allowed here"


@pytest.mark.parametrize(
    ("line", "option", "new"),
    [
        ("Options +FollowSymLinks", "FollowSymLinks", ("Options +SymLinksIfOwnerMatch",)),
        ("  Options FollowSymlinks -Indexes", "FollowSymlinks",
         ("  Options SymLinksIfOwnerMatch -Indexes",)),
        ("Options +ExecCGI +MultiViews", "MultiViews", ("Options +ExecCGI",)),
        ("Options All", "All", ()),
    ],
)  # fmt: skip
def test_an_option_that_is_not_permitted(line: str, option: str, new: tuple[str, ...]) -> None:
    """https://github.com/akaunting/akaunting/issues/396."""
    text = f"Options -Indexes\n{line}\nRewriteEngine On\n"
    message = OPTION.format(option)
    assert faulty_lines(text, message) == (2,)
    assert mended_lines(text, message) == {2: new}


@pytest.mark.parametrize(
    "text", ["Options -Indexes\n", "Options +Indexes\nOptions +Indexes\n", "OptionsX Indexes\n"]
)
def test_an_option_that_is_taken_away_or_stands_in_two_lines_is_left_alone(text: str) -> None:
    assert mended_lines(text, OPTION.format("Indexes")) == {}


def test_a_condition_whose_pattern_has_a_blank() -> None:
    text = "RewriteCond %{HTTP_USER_AGENT} !MODX RegenCache [NC]\nRewriteRule a b\n"
    message = FLAGS.replace("Rule", "Cond")
    assert mended_lines(text, message) == {
        1: ('RewriteCond %{HTTP_USER_AGENT} "!MODX RegenCache" [NC]',)
    }
    assert faulty_lines('RewriteCond %{HTTP_USER_AGENT} "MODX RegenCache" [NC]\n', message) == ()


def test_settings_of_php_are_put_into_a_section() -> None:
    """Issue 15 of rothkj1022/phppickem."""
    settings = "php_flag display_errors off\nphp_value memory_limit 64M\n\nphp_flag a on\n"
    text = f"Options -Indexes\n{settings}"
    assert faulty_lines(text, PHP) == (2, 5)
    assert mended_lines(text, PHP) == {
        2: ("<IfModule mod_php.c>", "php_flag display_errors off"),
        3: ("php_value memory_limit 64M", "</IfModule>"),
        5: ("<IfModule mod_php.c>", "php_flag a on", "</IfModule>"),
    }
    assert is_php_setting(PHP)


def test_lines_with_the_directive_of_a_message() -> None:
    text = "Options All\n<IfModule a.c>\nOrder deny\n</IfModule>\n"
    assert faulty_lines(text, "Options not allowed here") == (1,)
    assert faulty_lines(text, "Invalid command 'Heder', perhaps misspelled") == ()
    assert faulty_lines(text, "Order takes one argument, 'allow,deny'") == (3,)
    assert mended_lines(text, "Options not allowed here") == {}
    assert mended_lines("Heder set A b\n", "Invalid command 'Heder', perhaps misspelled") == {}
    assert faulty_lines(text, "") == ()
    assert not is_php_setting("Options not allowed here")


@pytest.mark.parametrize(
    ("rules", "line", "condition"),
    [
        ("RewriteRule !.(js|css)$ /index.php", 2, r"!^/index\.php$"),
        ("RewriteRule ^(.*)$ /app/$1 [L]", 2, "!^/app/"),
        ("RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ public/$1 [L]", 2, "!^/public/"),
        ("RewriteRule ^a$ /a.html\nRewriteRule ^(.*)$ /app/$1", 3, "!^/app/"),
    ],
)
def test_a_rule_that_is_true_for_its_own_result(rules: str, line: int, condition: str) -> None:
    """Issue 2 of fedecarg/apify-library."""
    found = circling_rule(f"RewriteEngine On\n{rules}\n", "/srv/.htaccess", "/")
    assert found
    assert (found.line, found.condition) == (line, f"RewriteCond %{{REQUEST_URI}} {condition}")


@pytest.mark.parametrize(
    "rules",
    [
        "RewriteRule ^(.*)$ /app/$1 [END]",
        "RewriteRule ^(.*)$ https://a.example/$1 [R=301]",
        "RewriteRule ^(.*)$ - [F]",
        "RewriteRule ^users$ /index.php",
        "RewriteCond %{REQUEST_URI} !^/app/\nRewriteRule ^(.*)$ /app/$1",
        "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ /index.php",
        "RewriteRule ^(.*)$ /app/$1\nRewriteRule ^(.*)$ /old/$1",
        "RewriteRule ^(.*)$ $1.html",
        "RewriteRule !.(js|css)$ index.php",
        "RewriteRule",
    ],
)
def test_silent_about_other_rules(rules: str) -> None:
    assert circling_rule(f"RewriteEngine On\n{rules}\n", "/srv/.htaccess", "/") is None


def test_any_text_is_read_in_time() -> None:
    text = "RewriteRule " + "a " * 50_000 + "\n" + "RewriteRule a b [" + " " * 1900 + "\n" * 5000
    assert mended_lines(text, FLAGS) == {}
    assert circling_rule(text, "/srv/.htaccess", "/") is None
