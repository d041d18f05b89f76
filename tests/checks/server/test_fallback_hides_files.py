"""server.fallback-hides-files: a rule for every path, and the file is in the folder."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Observation, Where
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.server_rules import HandledPath, ServedFolder
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK, URL = "server.fallback-hides-files", "https://shop.example.com/app.js"
SCRIPT = PageFileResponse(
    page="https://shop.example.com/", url=URL, file_kind="script", status=200,
    address="203.0.113.10", port=443, headers=(("Content-Type", "text/html"),), is_html=True,
)  # fmt: skip
PAGE = Page(url=SCRIPT.page, address="203.0.113.10", port=443, files=(PageFile("script", URL),))
THERE = HandledPath(product="apache", path="/app.js", replaced_file="/srv/shop/app.js")
RULE = "RewriteRule ^ /index.html [L]"
APP = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    ProxyPass / http://127.0.0.1:3000/\n"


def of_apache(*lines: str, more: tuple[Observation, ...] = (SCRIPT, THERE)) -> list[Claim]:
    rules = "".join(f"    {line}\n" for line in ("DocumentRoot /srv/shop", *lines))
    return judge(CHECK, APACHE, apache_config(HTTPS.replace(APP, rules)), PAGE, *more)


def of_caddy(line: str) -> list[Claim]:
    text = f"shop.example.com {{\n\troot * /srv/shop\n\t{line}\n\tfile_server\n}}\n"
    config = caddy_config(text, document("shop.example.com"))
    folder = ServedFolder("/app.js", "/srv/shop", "/app.js", fallback="/index.html")
    there = replace(THERE, product="caddy", folders=(folder,))
    return judge(CHECK, CADDY, config, PAGE, SCRIPT, there)


def diff_of(claims: list[Claim]) -> str:
    (claim,) = claims
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Edit)
    return step.diff


@pytest.mark.parametrize("pattern", ["^", ".", ".*", "^(.*)$", "^/(.*)$", "^/?(.*)$"])
def test_fires_with_the_condition_that_lets_files_pass(pattern: str) -> None:
    rule = f"    RewriteRule {pattern} /index.html [L]\n"
    hidden = "+    RewriteCond %{REQUEST_URI} /\\. [OR]\n"
    added = "+    RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f\n"
    assert f"{hidden}{added} {rule}" in diff_of(of_apache(rule.strip()))


def test_fires_in_a_folder_with_the_condition_of_folders() -> None:
    lines = ("<Directory /srv/shop>", RULE, "</Directory>")
    assert "+    RewriteCond %{REQUEST_FILENAME} !-f\n" in diff_of(of_apache(*lines))


@pytest.mark.parametrize("line", ["try_files /index.html", "rewrite * /index.html"])
def test_fires_with_the_line_of_caddy_that_tries_the_file(line: str) -> None:
    assert "+\ttry_files {path} /index.html\n" in diff_of(of_caddy(line))


def test_silent_where_a_condition_or_another_rule_decides() -> None:
    assert not of_apache("RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f", RULE)
    assert not of_apache("RewriteCond %{REQUEST_URI} !^/old", "", "# all others", RULE)
    assert not of_apache(RULE, RULE)
    assert not of_apache("RewriteRule ^/old /index.html [L]")
    assert not of_apache("RewriteRule ^ /index.html [R,L]")
    assert not of_caddy("try_files {path} /index.html")
    assert not of_caddy("rewrite * /404.html")


@pytest.mark.parametrize("page", ["maintenance.html", "site-down.html", "503.html", "Wartung.php"])
def test_silent_where_the_site_is_closed_for_a_while(page: str) -> None:
    assert not of_apache(RULE.replace("index.html", page))


def test_silent_where_the_file_is_not_there_or_came() -> None:
    assert not of_apache(RULE, more=(SCRIPT, replace(THERE, replaced_file="")))
    assert not of_apache(RULE, more=(replace(SCRIPT, is_html=False), THERE))


@pytest.mark.parametrize("product", ["apache", "caddy"])
def test_fires_with_words_where_the_line_cannot_be_edited(
    product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.server.fallback_hides_files.line_edit", lambda *_: None)
    (claim,) = of_apache(RULE) if product == "apache" else of_caddy("try_files /index.html")
    assert claim.fix
    assert claim.fix.steps == (Manual("let-files-pass", Where.SERVER),)
