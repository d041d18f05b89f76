"""server.file-untyped: a file of Apache that browsers refuse, asked for by itself."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "server.file-untyped"
FILES = HTTPS.replace(
    "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    ProxyPass / http://127.0.0.1:3000/\n",
    "    DocumentRoot /srv/shop\n",
)


def claims(path: str, kind: str = "", body: str = "asm", site: str = FILES) -> list[Claim]:
    headers = (("Content-Type", kind),) if kind else ()
    answer = replace(ANSWER, url=f"https://shop.example.com{path}", headers=headers, body=body)
    return judge(CHECK, answer, APACHE, apache_config(site, modules=(*MODULES, "mime")))


@pytest.mark.parametrize(
    ("path", "kind", "line"),
    [
        ("/a.wasm", "", "AddType application/wasm .wasm"),
        ("/a.wasm", "text/plain", "AddType application/wasm .wasm"),
        ("/a.mjs", "text/plain", "AddType text/javascript .mjs"),
    ],
)
def test_fires_and_adds_the_type(path: str, kind: str, line: str) -> None:
    (claim,) = claims(path, kind)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert line in edit.diff


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/a.wasm", "application/wasm", "asm"),
        ("/a.js", "text/plain", "let a"),
        ("/a.txt", "text/plain", "a"),
        ("/a.wasm", "text/html", "<!doctype html>"),
        ("/", "text/html", "<p>"),
    ],
)
def test_silent_for_what_browsers_use(path: str, kind: str, body: str) -> None:
    assert not claims(path, kind, body)


def test_silent_where_an_application_sends_it() -> None:
    assert not claims("/a.wasm", site=HTTPS)
