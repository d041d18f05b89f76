from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-pattern-with-slash"
RULES = "RewriteEngine On\n    RewriteRule ^/old/(.*)$ /new/$1 [L]\n"
OLD = replace(SHOP, path="/old/tea")
MISSING = replace(page(404), url=OLD.url)


def site(rules: str = RULES, folder: str = "/var/www/shop") -> str:
    section = f"    <Directory {folder}>\n    {rules}    </Directory>\n"
    return HTTPS.replace(
        "    ProxyPass /ws ws://127.0.0.1:3000/ws\n", f"    DocumentRoot /var/www/shop\n{section}"
    )


@pytest.mark.parametrize(
    ("condition", "confidence"),
    [("", Confidence.CERTAIN), ("RewriteCond %{HTTPS} on\n    ", Confidence.LIKELY)],
)
def test_fires_and_leaves_the_slash_out(condition: str, confidence: Confidence) -> None:
    text = site(RULES.replace("RewriteRule", f"{condition}RewriteRule"))
    (claim,) = judge(CHECK, APACHE, apache_config(text), MISSING, target=OLD, masked=False)
    assert (claim.facts["meant"], claim.confidence) == ("^old/(.*)$", confidence)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^old/(.*)$ /new/$1 [L]\n" in edit.diff


@pytest.mark.parametrize(
    "text",
    [
        site(RULES.replace("^/old", "^old")),
        site(RULES.replace("^/old", "^/?old")),
        site(RULES.replace("^/old", "^/other")),
        site(RULES.replace("RewriteEngine On\n    ", "")),
        site(folder="/srv/elsewhere"),
        HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", f"    {RULES}"),
    ],
)
def test_silent_where_the_rule_applies_or_is_for_other_paths(text: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(text), MISSING, target=OLD, masked=False)


def test_silent_where_the_page_comes() -> None:
    there = replace(MISSING, status=200)
    assert not judge(CHECK, APACHE, apache_config(site()), there, target=OLD, masked=False)


def test_silent_for_what_apache_refuses() -> None:
    refused = replace(MISSING, status=403)
    assert not judge(CHECK, APACHE, apache_config(site()), refused, target=OLD, masked=False)
