from dataclasses import replace
from typing import Any

from diagnose.model import Applicability, Confidence, Edit, Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.other-folder-told"
SITE = """\
shop.example.com {
\thandle /books* {
\t\treverse_proxy 127.0.0.1:3000 {
\t\t\theader_up X-Scheme {scheme}
\t\t\theader_up X-Script-Name /calibre
\t\t}
\t}
}
"""
BOOKS = replace(SHOP, path="/books/")
URL = "https://shop.example.com/books/"
PAGE = Exchange(url=URL, address="203.0.113.10", port=443, status=404)
REFUSED = BackendVisit(
    target="http://127.0.0.1:3000", requested="/books/", path="/books/", status=404
)
TRIAL = PrefixTrial(
    target="http://127.0.0.1:3000", page=URL, prefix="/books", field="X-Script-Name", status=302
)


def config(text: str = SITE) -> WebServerConfig:
    made: Any = document("shop.example.com")
    made["apps"]["http"]["servers"]["srv0"]["routes"][0]["handle"][0]["routes"][0]["match"] = [
        {"path": ["/books*"]}
    ]
    return caddy_config(text, made)


def edited(*seen: Observation) -> str:
    (claim,) = judge(CHECK, *seen, target=BOOKS, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["told"], claim.facts["own"]) == ("/calibre", "/books")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_for_caddy() -> None:
    diff = edited(CADDY, config(), PAGE, REFUSED, TRIAL)
    assert "+\t\t\theader_up X-Script-Name /books\n" in diff


def test_fires_for_apache() -> None:
    lines = (
        '    RequestHeader set X-Script-Name "/calibre"\n'
        "    ProxyPass /books/ http://127.0.0.1:3000/books/\n"
    )
    seen = apache_config(HTTPS.replace("    ProxyPass /ws", f"{lines}    ProxyPass /ws"))
    (route,) = [route for site in seen.sites for route in site.routes if "books" in route.path]
    visit, trial = replace(REFUSED, target=route.target), replace(TRIAL, target=route.target)
    diff = edited(APACHE, seen, PAGE, visit, trial)
    assert '+    RequestHeader set X-Script-Name "/books"\n' in diff


def test_fires_for_haproxy() -> None:
    text = TEXT.replace(
        "    default_backend", "    use_backend books if { path_beg /books }\n    default_backend"
    )
    text += "backend books\n    http-request set-header X-Script-Name /calibre\n"
    seen = haproxy_config(f"{text}    server b 127.0.0.1:3000\n")
    diff = edited(SERVER, seen, PAGE, REFUSED, TRIAL)
    assert "+    http-request set-header X-Script-Name /books\n" in diff


def test_silent_where_the_field_makes_no_difference() -> None:
    assert not judge(
        CHECK, CADDY, config(), PAGE, REFUSED, replace(TRIAL, status=404), target=BOOKS
    )
    assert not judge(CHECK, CADDY, config(), PAGE, REFUSED, target=BOOKS)


def test_silent_on_a_page_that_comes_and_on_the_right_folder() -> None:
    fine = replace(PAGE, status=200)
    assert not judge(CHECK, CADDY, config(), fine, REFUSED, TRIAL, target=BOOKS)
    right = config(SITE.replace("/calibre", "/books"))
    assert not judge(CHECK, CADDY, right, PAGE, REFUSED, TRIAL, target=BOOKS)
