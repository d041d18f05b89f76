from dataclasses import replace

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-proxy-shadowed"
ROOT = "https://shop.example.com"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
KEPT = "    ProxyPass /assets/ !\n"
LATE = HTTPS.replace(LINE, LINE + KEPT)
LOADED = Page(
    url=f"{ROOT}/", address="203.0.113.10", port=443,
    files=(PageFile(url=f"{ROOT}/assets/app.js", kind="script"),),
)  # fmt: skip
FILE = PageFileResponse(
    page=f"{ROOT}/", file_kind="script", url=f"{ROOT}/assets/app.js", address="203.0.113.10",
    port=443, status=404,
)  # fmt: skip


def test_fires_and_moves_the_line() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(LATE), LOADED, FILE, masked=False)
    assert claim.facts["late"] == "ProxyPass /assets/ !"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /assets/ !\n     ProxyPass / http" in edit.diff


def test_fires_for_the_page_itself() -> None:
    page = Exchange(url=f"{ROOT}/assets/", address="203.0.113.10", port=443, status=404)
    target = replace(SHOP, path="/assets/")
    (claim,) = judge(CHECK, APACHE, apache_config(LATE), page, target=target, masked=False)
    assert claim.facts["path"] == "/assets/"


def test_silent_in_the_right_order_and_where_all_is_there() -> None:
    early = HTTPS.replace(LINE, KEPT + LINE)
    assert not judge(CHECK, APACHE, apache_config(early), LOADED, FILE)
    assert not judge(CHECK, APACHE, apache_config(LATE), LOADED, replace(FILE, status=200))
    inside = LATE.replace(KEPT, "<Location /assets/>\n    ProxyPass !\n</Location>\n")
    assert not judge(CHECK, APACHE, apache_config(inside), LOADED, FILE)
