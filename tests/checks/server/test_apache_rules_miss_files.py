from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.site_folders import FolderRules, SiteFolder
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-rules-miss-files"
URL = "https://shop.example.com"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    <Directory /var/www/shop>
        AllowOverride All
    </Directory>
</VirtualHost>
"""
TEXT = """\
RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
"""
ROOT = "/var/www/shop"
ABOUT = replace(SHOP, path="/about/")
FOLDER = SiteFolder(path=ROOT, requested="/about/", exists=True)
MISSING = Exchange(
    url=f"{URL}/about/", address="203.0.113.10", port=443, status=404,
    body="<title>404 Not Found</title><address>Apache/2.4.62 (Debian) Server at shop</address>",
)  # fmt: skip
PAGE = Page(
    url=f"{URL}/", address="203.0.113.10", port=443, files=(PageFile("script", f"{URL}/app.js"),)
)
SCRIPT = PageFileResponse(
    page=f"{URL}/", file_kind="script", url=f"{URL}/app.js", address="203.0.113.10", port=443,
    status=200, headers=(("Content-Type", "text/html"),), is_html=True,
)  # fmt: skip
THERE = SiteFolder(path=ROOT, requested="/app.js", exists=True, page_exists=True)


def rules(text: str = TEXT) -> FolderRules:
    return FolderRules(
        file=ServerFile(f"{ROOT}/.htaccess", text), folder="/", script="/index.php",
        script_exists=True, own_script=f"{ROOT}/index.php",
    )  # fmt: skip


def missing(
    text: str, *others: Exchange, site: str = SITE, modules: tuple[str, ...] = ()
) -> list[Claim]:
    config = apache_config(site, modules=modules or ("rewrite", "ssl"))
    pages = others or (MISSING,)
    return judge(CHECK, APACHE, config, rules(text), FOLDER, *pages, target=ABOUT, masked=False)


def taken(text: str, folder: SiteFolder = THERE) -> list[Claim]:
    config = apache_config(SITE, modules=("rewrite", "ssl"))
    return judge(CHECK, APACHE, config, rules(text), folder, PAGE, SCRIPT, masked=False)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_engine_is_off() -> None:
    (claim,) = missing(TEXT.replace("On", "Off"))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["engine"], claim.facts["place"]) == (True, f"{ROOT}/.htaccess:1")
    assert "+RewriteEngine On\n" in diff_of(claim)


def test_fires_where_a_test_lacks_its_mark() -> None:
    (claim,) = missing(TEXT.replace("!-f", "-f"))
    assert claim.facts["line"] == "RewriteCond %{REQUEST_FILENAME} -f"
    assert "+RewriteCond %{REQUEST_FILENAME} !-f\n" in diff_of(claim)


def test_fires_where_the_rule_takes_a_file() -> None:
    (claim,) = taken(TEXT.replace("!-f", "!-f [OR]"))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["alternative"] is True
    assert "+RewriteCond %{REQUEST_FILENAME} !-f\n" in diff_of(claim)
    (claim,) = taken("RewriteEngine On\nRewriteRule . /index.php [L]\n")
    assert claim.facts["untested"] is True


def test_silent_where_the_rules_are_right() -> None:
    assert not missing(TEXT)
    assert not taken(TEXT)


def test_silent_where_the_application_answers_or_the_rules_do_not_count() -> None:
    wrong = TEXT.replace("!-f", "-f")
    assert not missing(wrong, replace(MISSING, body="<title>Page not found - Shop</title>"))
    assert not missing(wrong, site=SITE.replace("All", "None"))
    assert not missing(wrong, modules=("ssl",))
    assert not taken(wrong, replace(THERE, requested="/other.js"))
    assert not taken(TEXT.replace("!-f", "!-f [OR]"), replace(THERE, page_exists=False))
