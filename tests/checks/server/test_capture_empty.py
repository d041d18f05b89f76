"""server.capture-empty: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.web_servers import ServerFile
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.capture-empty"
ITEMS = replace(SHOP, path="/api/items")
ROOT = "/var/www/shop"


def page(status: int = 404, path: str = "/api/items") -> Exchange:
    return Exchange(
        url=f"https://shop.example.com{path}", address="203.0.113.10", port=443, status=status
    )


def on_apache(
    lines: str, htaccess: str = "", status: int = 404, answer: Exchange | None = None
) -> list[Claim]:
    site = (
        "<VirtualHost *:443>\n    ServerName shop.example.com\n    SSLEngine on\n"
        f"    DocumentRoot {ROOT}\n{lines}    <Directory {ROOT}>\n        AllowOverride All\n"
        "    </Directory>\n</VirtualHost>\n"
    )
    own = apache_config(site)
    files = (ServerFile(f"{ROOT}/.htaccess", htaccess),) if htaccess else ()
    own = replace(own, files=(*own.files, *files))
    return judge(CHECK, APACHE, own, answer or page(status), target=ITEMS, masked=False)


def on_haproxy(rule: str) -> list[Claim]:
    text = TEXT.replace("    default_b", f"    {rule}\n    default_b")
    return judge(CHECK, SERVER, config(text), page(), target=ITEMS, masked=False)


def on_caddy(lines: str) -> list[Claim]:
    text = f"shop.example.com {{\n{lines}\treverse_proxy 127.0.0.1:3000\n}}\n"
    own = caddy_config(text, document("shop.example.com"))
    return judge(CHECK, CADDY, own, page(), target=ITEMS, masked=False)


def added(claims: list[Claim]) -> list[str]:
    (claim,) = claims
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [row[1:].strip() for row in edit.diff.split("\n")[2:] if row.startswith("+")]


def test_fires_on_a_rule_of_an_htaccess() -> None:
    rules = "RewriteEngine on\nRewriteRule ^.*$ /public/$1 [L,QSA]\n"
    claims = on_apache("", rules)
    assert added(claims) == ["RewriteRule ^(.*)$ /public/$1 [L,QSA]"]
    assert claims[0].confidence is Confidence.CERTAIN
    assert claims[0].fix
    assert len(claims[0].fix.steps) == 1, "an .htaccess counts at once"
    conditional = rules.replace("RewriteRule", "RewriteCond %{REQUEST_URI} !^/public\nRewriteRule")
    (claim,) = on_apache("", conditional)
    assert claim.confidence is Confidence.LIKELY


LOST = "RewriteRule ^.*$ /public/$1 [L,QSA]\n"


def test_silent_where_an_earlier_rule_has_the_path() -> None:
    assert not on_apache("", f"RewriteEngine on\nRewriteRule ^api/ - [L]\n{LOST}")
    (claim,) = on_apache("", f"RewriteEngine on\nRewriteRule ^shop/ - [L]\n{LOST}")
    assert claim.confidence is Confidence.CERTAIN
    condition = "RewriteCond %{REQUEST_FILENAME} -f\nRewriteRule ^ - [L]\n"
    (claim,) = on_apache("", f"RewriteEngine on\n{condition}{LOST}")
    assert claim.confidence is Confidence.LIKELY


def test_a_query_that_nobody_may_read_is_likely() -> None:
    (claim,) = on_apache("", "RewriteEngine on\nRewriteRule . /index.php?q=$1 [L]\n", status=500)
    assert claim.confidence is Confidence.LIKELY


def test_a_redirect_may_be_the_applications() -> None:
    away = replace(page(301), headers=(("Location", "https://login.example/"),))
    (claim,) = on_apache("", "RewriteEngine on\nRewriteRule ^.*$ /index.php/$1 [L]\n", answer=away)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = on_apache("    RedirectMatch ^/api/.* https://login.example/$1\n", answer=away)
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("RewriteRule ^/api/ http://127.0.0.1:3001/$1 [P]", "^/api/(.*)$"),
        ("ProxyPassMatch ^/api/.* http://127.0.0.1:3001/$1", "^/api/(.*)"),
        ('AliasMatch "^/api/.+" "/srv/$1"', '"^/api/(.+)"'),
    ],
)
def test_fires_on_a_line_of_a_virtual_host(line: str, right: str) -> None:
    (row,) = added(on_apache(f"    {line}\n"))
    assert right in row


def test_fires_without_an_edit_where_nobody_knows_the_part() -> None:
    (claim,) = on_apache("    RewriteRule ^/.*/.* /x/$1\n")
    assert claim.facts["corrected"] == ""
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize(
    "line",
    [
        "RewriteRule ^/api/(.*)$ /x/$1",
        "RewriteRule ^/shop/ /x/$1",
        "RewriteRule ^/api/ /x/%1",
        "RewriteRule ^/api/(a)(b)? /x/$2",
    ],
)
def test_silent_where_the_group_is_there_or_the_rule_is_for_others(line: str) -> None:
    assert not on_apache(f"    {line}\n")


def test_silent_for_a_page_that_comes() -> None:
    assert not on_apache("    RewriteRule ^/api/ /x/$1\n", status=200)


def test_fires_on_a_replaced_path_of_haproxy() -> None:
    rule = r"http-request replace-path /api/.* /\1"
    assert added(on_haproxy(rule)) == [r"http-request replace-path /api/(.*) /\1"]
    assert not on_haproxy(r"http-request replace-path /api/(.*) /\1")
    assert not on_haproxy(rule + " if { path_beg /shop }")


def test_fires_on_a_placeholder_of_caddy() -> None:
    lines = "\t@api path_regexp ^/api/\n\trewrite @api /{re.api.1}\n"
    assert added(on_caddy(lines)) == ["@api path_regexp ^/api/(.*)$"]
    named = "\t@a path_regexp api ^/api/.*\n\trewrite @a /{http.regexp.api.1}\n"
    assert added(on_caddy(named)) == ["@a path_regexp api ^/api/(.*)"]
    assert not on_caddy(lines.replace("^/api/", "^/api/(.*)$"))
    assert not on_caddy(named.replace("regexp.api", "regexp.other"))
