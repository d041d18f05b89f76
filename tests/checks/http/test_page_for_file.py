"""http.page-for-file: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Manual, Observation, Symptom
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "http.page-for-file"
OLD = "/assets/Chat-BX2fk9Qa.css"
TOLD = Symptom("mime", "Refused to apply style: MIME type ('text/html')")
HTML = "<!doctype html><title>Shop</title>"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/build
    FallbackResource /index.html
</VirtualHost>
"""


def answer(path: str, kind: str = "text/html", body: str = HTML) -> Exchange:
    headers = (("Content-Type", kind),)
    return replace(ANSWER, url=f"https://shop.example.com{path}", headers=headers, body=body)


def page(path: str, script: str = "/assets/index-Dk3vQ0aL.js") -> Page:
    url = f"https://shop.example.com{path}"
    files = (PageFile("script", f"https://shop.example.com{script}"),)
    return Page(url=url, address=ANSWER.address, port=443, files=files)


def claims(
    path: str, *seen: Observation, symptom: Symptom | None = None, **values: str
) -> list[Claim]:
    target = replace(SHOP, path=path, symptom=symptom)
    return judge(CHECK, answer(path, **values), *seen, target=target, masked=False)


def test_fires_for_the_file_of_a_message() -> None:
    for path in ("/screen.css", "/img/tea.png", "/app.mjs?v=2"):
        (claim,) = claims(path, symptom=TOLD)
        assert claim.fix
        assert isinstance(claim.fix.steps[0], Manual)


def test_switches_apaches_fallback_off_for_the_folder() -> None:
    (claim,) = claims(OLD, page(OLD), APACHE, apache_config(SITE), symptom=TOLD)
    assert claim.facts["line"] == "FallbackResource /index.html"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert '<Location "/assets/">' in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/screen.css", {"kind": "text/css", "body": "a { }"}),
        ("/screen.css", {"body": "a { }"}),  # http.own-file-type
        ("/products/tea", {}),
        ("/docs/app.json", {}),
    ],
)
def test_silent_for_what_is_no_page_in_the_place_of_a_file(
    path: str, values: dict[str, str]
) -> None:
    assert not claims(path, symptom=TOLD, **values)


def test_silent_for_a_page_about_a_file_and_for_an_old_page() -> None:
    assert not claims("/tea/shop/blob/main/app.js", page("/tea/shop/blob/main/app.js"))
    assert not claims(OLD, page(OLD))
    words = "Failed to fetch dynamically imported module"
    assert not claims(OLD, page(OLD), symptom=Symptom("mime", words))
