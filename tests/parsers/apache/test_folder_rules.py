from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.apache.folder_rules import moved_lines, script_rule

FILE = "/var/www/shop/blog/.htaccess"
RULES = """\
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteBase {}
RewriteRule ^index\\.php$ - [L]
RewriteCond %{{REQUEST_FILENAME}} !-f
RewriteRule . {} [L]
</IfModule>
"""


def script(text: str, folder: str = "/blog") -> str | None:
    rule = script_rule(text, FILE, folder)
    return rule.script if rule else None


def test_a_path_with_a_slash_is_that_of_the_url_and_others_lie_below_the_base() -> None:
    assert script(RULES.format("/", "/index.php")) == "/index.php"
    assert script(RULES.format("/old/", "index.php")) == "/old/index.php"
    assert script(RULES.format("/old", "index.php?route=$1")) == "/old/index.php"
    plain = "RewriteEngine on\nRewriteRule ^ index.php [L]\n"
    assert script(plain) == "/blog/index.php"
    assert script(plain, "/") == "/index.php"


def test_rules_that_lead_to_no_script() -> None:
    assert script("RewriteEngine Off\nRewriteRule ^ /index.php [L]\n") is None
    assert script("RewriteRule ^ /index.php [L]\n") is None
    assert script("RewriteEngine On\nRewriteRule ^ /index.php [R=301,L]\n") is None
    assert script("RewriteEngine On\nRewriteRule ^(.*)$ public/$1 [L]\n") is None


def test_the_lines_name_their_own_folder_afterwards() -> None:
    text = RULES.format("/", "/index.php?q=1")
    rule = script_rule(text, FILE, "/blog")
    assert rule is not None
    assert moved_lines(rule, text, "/blog") == {
        3: "RewriteBase /blog/",
        6: "RewriteRule . /blog/index.php?q=1 [L]",
    }
    text = RULES.format("/old/", "index.php")
    rule = script_rule(text, FILE, "/")
    assert rule is not None
    assert moved_lines(rule, text, "/") == {3: "RewriteBase /"}


def test_lines_that_are_written_in_another_way_are_left() -> None:
    text = 'RewriteEngine On\nRewriteRule . "/index.php" [L]\n'
    rule = script_rule(text, FILE, "/blog")
    assert rule is not None
    assert moved_lines(rule, text, "/blog") == {}


@given(st.text(alphabet="RewritBasuleEngOn ./\\\n\"'<>[]L^$", max_size=300))
def test_any_text_is_read(text: str) -> None:
    rule = script_rule(f"RewriteEngine On\n{text}\nRewriteRule . /index.php", FILE, "/blog")
    if rule is not None:
        moved_lines(rule, f"RewriteEngine On\n{text}\nRewriteRule . /index.php", "/blog")


def test_reads_the_path_behind_a_script_as_no_part_of_it() -> None:
    text = "RewriteEngine on\nRewriteRule ^(.*)$ index.php/$1 [QSA]\n"
    to_script = script_rule(text, "/srv/a/.htaccess", "/")
    assert to_script
    assert to_script.script == "/index.php"
    moved = script_rule(text.replace("index.php", "/old/index.php"), "/srv/a/.htaccess", "/a")
    assert moved
    lines = moved_lines(moved, text.replace("index.php", "/old/index.php"), "/a")
    assert lines == {2: "RewriteRule ^(.*)$ /a/index.php/$1 [QSA]"}
