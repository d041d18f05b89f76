import pytest

from diagnose.parsers.apache.authorization import folder_passing, passes_authorization, passes_in
from diagnose.parsers.apache.config import parse


@pytest.mark.parametrize(
    "text",
    [
        "CGIPassAuth On",
        '<Directory "/var/www">\nCGIPassAuth on\n</Directory>',
        'SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1',
        "RewriteRule .* - [e=HTTP_AUTHORIZATION:%{HTTP:Authorization}]",
        'ProxyFCGISetEnvIf "true" HTTP_AUTHORIZATION "%{HTTP:Authorization}"',
    ],
)
def test_lines_that_pass_the_field_on(text: str) -> None:
    assert passes_authorization(parse(text, "x.conf"))


def test_other_lines() -> None:
    text = "CGIPassAuth Off\nSetEnv APP_ENV prod\nRewriteRule ^ index.php [L]\nRequire valid-user"
    assert not passes_authorization(parse(text, "x.conf"))


RULE = "RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]\n"
FRONT = "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.php [L]\n"
LEFT = "RewriteRule ^index\\.php$ - [L]\n"
INTO = "RewriteRule (.*) webroot/$1 [L]\n"


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (RULE + LEFT + FRONT, True),
        (FRONT + RULE, True),
        (LEFT + FRONT + RULE, False),
        (INTO + RULE, False),
        (LEFT + FRONT + 'SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1', True),
    ],
    ids=("first", "reached in the second round", "last", "behind a folder", "no rule"),
)
def test_a_rule_of_a_folder_counts_where_it_is_reached(text: str, passes: bool) -> None:
    assert passes_in(folder_passing(parse(text, "x")), None) is passes


@pytest.mark.parametrize(
    ("below", "passes"),
    [
        (f"RewriteEngine On\n{FRONT}", False),
        (f"RewriteEngine On\n{RULE}{FRONT}", True),
        ("RewriteEngine On\n", True),
        ("Options -Indexes\n", True),
        (f"CGIPassAuth On\nRewriteEngine On\n{FRONT}", True),
    ],
    ids=("two rounds", "its own", "no round", "no rules", "its line"),
)
def test_rules_below_take_the_place_of_those_above(below: str, passes: bool) -> None:
    own = folder_passing(parse(f"RewriteEngine On\n{RULE}{INTO}", "x"))
    assert own.folder == "webroot"
    assert passes_in(own, folder_passing(parse(below, "y"))) is passes
