import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.apache.front_rules import FaultyRule, faulty_rule
from diagnose.parsers.server_request import ServerRequest

FILE = "/var/www/shop/.htaccess"
WORDPRESS = """\
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
"""
ABOUT, STYLE = ServerRequest("/about/"), ServerRequest("/style.css")


def missed(text: str) -> FaultyRule | None:
    return faulty_rule(text, FILE, "/", ABOUT, False)


def taken(text: str) -> FaultyRule | None:
    return faulty_rule(text, FILE, "/", STYLE, True)


def test_the_rules_of_wordpress_have_no_fault() -> None:
    assert missed(WORDPRESS) is None
    assert taken(WORDPRESS) is None


def test_an_engine_that_is_off_or_not_named() -> None:
    off = missed(WORDPRESS.replace("Engine On", "Engine Off"))
    assert off
    assert (off.fault, off.corrected) == ("engine", {2: ("RewriteEngine On",)})
    unnamed = missed(WORDPRESS.replace("RewriteEngine On\n", ""))
    assert unnamed
    assert unnamed.corrected == {2: ("RewriteEngine On", "RewriteBase /")}
    assert taken(WORDPRESS.replace("Engine On", "Engine Off")) is None


def test_tests_of_files_without_their_mark() -> None:
    rule = missed(WORDPRESS.replace("!-f", "-f").replace("!-d", '"-d"'))
    assert rule
    assert rule.fault == "negation"
    assert rule.corrected == {
        5: ("RewriteCond %{REQUEST_FILENAME} !-f",),
        6: ('RewriteCond %{REQUEST_FILENAME} "!-d"',),
    }
    assert rule.line == 5


@pytest.mark.parametrize("flag", ["[OR]", "[NC,OR]", "[ornext]"])
def test_tests_that_are_alternatives(flag: str) -> None:
    rule = taken(WORDPRESS.replace("!-f", f"!-f {flag}"))
    assert rule
    assert rule.fault == "alternative"
    (line,) = rule.corrected[5]
    assert line.rstrip(" [NC]") == "RewriteCond %{REQUEST_FILENAME} !-f"
    assert missed(WORDPRESS.replace("!-f", f"!-f {flag}")) is None


def test_a_rule_without_a_test_of_files() -> None:
    bare = taken("RewriteEngine On\n  RewriteRule ^ index.php [L]\n")
    assert bare
    assert bare.fault == "untested"
    assert bare.corrected[2] == (
        "  RewriteCond %{REQUEST_FILENAME} !-f",
        "  RewriteCond %{REQUEST_FILENAME} !-d",
        "  RewriteRule ^ index.php [L]",
    )
    folders = taken(WORDPRESS.replace("RewriteCond %{REQUEST_FILENAME} !-f\n", ""))
    assert folders
    assert folders.corrected[5][0] == "RewriteCond %{REQUEST_FILENAME} !-f"
    assert len(folders.corrected[5]) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RewriteRule . ", "RewriteRule ^shop/ "),
        ("RewriteRule ^index\\.php$ - [L]", "RewriteRule ^ - [L]"),
        ("!-f", "!-f\nRewriteCond %{REQUEST_URI} ^/shop/"),
        ("!-f", "!-f\nRewriteCond %{HTTP_COOKIE} !login"),
        ("/index.php [L]", "/index.php [R=302]"),
        ("[L]\n</If", "\\\n[L]\n</If"),
    ],
)
def test_nothing_is_said_where_another_reason_may_be_there(old: str, new: str) -> None:
    text = WORDPRESS.replace("!-f", "-f").replace("!-d", "-d")
    assert missed(text) is not None
    assert missed(text.replace(old.replace("!", ""), new.replace("!-f", "-f"))) is None


def test_a_cache_before_the_rule_is_no_fault() -> None:
    cache = (
        "RewriteEngine On\nRewriteCond %{DOCUMENT_ROOT}/cache/%{REQUEST_URI}.html -f\n"
        "RewriteRule . /cache/%{REQUEST_URI}.html [L]\n"
    )
    assert missed(f"{cache}{WORDPRESS}") is None


@given(st.text("RewriteCondRule !-f[OR]\n\\%{}\"'. "))
def test_any_text_is_read(text: str) -> None:
    missed(f"RewriteEngine On\n{text}\nRewriteRule . /index.php")
    taken(f"RewriteEngine On\n{text}\nRewriteRule . /index.php")
