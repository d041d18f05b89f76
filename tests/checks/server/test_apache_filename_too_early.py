from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-filename-too-early"
URL = "https://shop.example.com"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    RewriteEngine On
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteCond %{REQUEST_FILENAME} !-d
    RewriteRule ^ /index.html [L]
</VirtualHost>
"""
PAGE = Page(
    url=f"{URL}/", address="203.0.113.10", port=443, files=(PageFile("script", f"{URL}/app.js"),)
)
FILE = PageFileResponse(
    page=f"{URL}/", file_kind="script", url=f"{URL}/app.js", address="203.0.113.10", port=443,
    status=200, headers=(("Content-Type", "text/html"),), is_html=True,
)  # fmt: skip
FOLDER = SiteFolder(path="/var/www/shop", requested="/app.js", exists=True, page_exists=True)


def judged(site: str = SITE, folder: SiteFolder = FOLDER) -> list[Claim]:
    return judge(CHECK, APACHE, apache_config(site), PAGE, FILE, folder, masked=False)


def test_fires_and_asks_for_the_file_by_its_whole_path() -> None:
    (claim,) = judged()
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["path"], claim.facts["target"]) == ("/app.js", "/index.html")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f\n" in edit.diff
    assert "+    RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-d\n" in edit.diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%{REQUEST_FILENAME}", "%{DOCUMENT_ROOT}%{REQUEST_URI}"),
        ("    RewriteCond %{REQUEST_FILENAME} !-d\n", "    RewriteCond %{HTTP_HOST} ^old\n"),
        ("RewriteEngine On", "RewriteEngine Off"),
        ("RewriteRule ^ ", "RewriteRule ^/api/ "),
        ("    RewriteEngine On\n", "    <Directory /var/www/shop>\n    RewriteEngine On\n"),
    ],
)
def test_silent_where_the_rule_does_not_take_the_file(old: str, new: str) -> None:
    assert not judged(SITE.replace(old, new))


def test_silent_where_the_folder_has_no_such_file() -> None:
    assert not judged(folder=replace(FOLDER, page_exists=False))
    assert not judged(folder=replace(FOLDER, requested="/logo.png"))
