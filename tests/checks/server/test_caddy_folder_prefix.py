from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.site_folders import SiteFolder
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge

CHECK = "server.caddy-folder-prefix"
ROOT = "https://shop.example.com"
DOCS = replace(SHOP, path="/docs/a.html")
SITE = caddy_config(
    "shop.example.com {\n\thandle /docs/* {\n\t}\n}\n", document("shop.example.com")
)
PAGE = Exchange(url=f"{ROOT}/docs/a.html", address="203.0.113.10", port=443, status=404)
FOLDER = SiteFolder(
    path="/srv/docs", requested="/docs/a.html", exists=True, prefix="/docs",
    shortened="/srv/docs/a.html",
)  # fmt: skip
LOADED = Page(
    url=f"{ROOT}/docs/a.html", address="203.0.113.10", port=443,
    files=(PageFile(url=f"{ROOT}/docs/app.js", kind="module"),),
)  # fmt: skip
FILE = PageFileResponse(
    page=f"{ROOT}/docs/a.html", file_kind="module", url=f"{ROOT}/docs/app.js",
    address="203.0.113.10", port=443, status=200, is_html=True,
    headers=(("Content-Type", "text/html"),),
)  # fmt: skip


def test_fires_for_the_page_and_writes_handle_path() -> None:
    (claim,) = judge(CHECK, CADDY, SITE, PAGE, FOLDER, target=DOCS, masked=False)
    assert claim.facts["wanted"] == "/srv/docs/docs/a.html"
    assert claim.facts["there"] == "/srv/docs/a.html"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_a_file_of_the_page() -> None:
    folder = replace(FOLDER, requested="/docs/app.js", shortened="/srv/docs/app.js")
    page = replace(PAGE, status=200)
    (claim,) = judge(CHECK, CADDY, SITE, page, LOADED, FILE, folder, target=DOCS, masked=False)
    assert claim.facts["path"] == "/docs/app.js"


KEPT = SiteFolder(
    path="/srv", requested="/a.html", exists=True, prefix="/docs", kept="/srv/docs/a.html"
)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("\thandle_path /docs/* {\n\t}\n", "+\thandle /docs/* {"),
        ("\troute /docs/* {\n\t\turi strip_prefix /docs\n\t}\n", "-\t\turi strip_prefix /docs"),
    ],
)
def test_fires_where_the_beginning_was_taken_off_and_the_file_has_it(
    text: str, changed: str
) -> None:
    site = caddy_config(f"shop.example.com {{\n{text}}}\n", document("shop.example.com"))
    (claim,) = judge(CHECK, CADDY, site, PAGE, KEPT, target=DOCS, masked=False)
    assert (claim.facts["wanted"], claim.facts["there"]) == ("/srv/a.html", "/srv/docs/a.html")
    assert claim.facts["path"] == "/docs/a.html"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert changed in edit.diff


def test_silent_where_no_shorter_file_is_there_or_the_page_is_well() -> None:
    assert not judge(CHECK, CADDY, SITE, PAGE, replace(FOLDER, shortened=""), target=DOCS)
    assert not judge(CHECK, CADDY, SITE, replace(PAGE, status=200), FOLDER, target=DOCS)
