"""http.app-file-refused: when it fires, and when it is silent."""

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.pages import PageFile
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, script

CHECK = "http.app-file-refused"
SITE = "https://shop.example.com"
MANIFEST = PageFile("manifest", f"{SITE}/manifest.json", True)
WORKER = PageFile("worker", f"{SITE}/sw.js", True)


def test_fires_for_a_service_worker_that_is_the_page() -> None:
    page = loads(MANIFEST)
    both = [answered(file, content_type="text/html", is_html=True) for file in (MANIFEST, WORKER)]
    (claim,) = judge(CHECK, page, *both)
    assert claim.severity is Severity.WARNING
    assert claim.facts["file"] == WORKER.url


def test_fires_with_a_note_for_a_manifest_that_is_the_page() -> None:
    html = answered(MANIFEST, content_type="text/html", is_html=True)
    (claim,) = judge(CHECK, loads(MANIFEST), html)
    assert claim.severity is None


def test_fires_for_a_service_worker_of_another_type() -> None:
    (claim,) = judge(CHECK, loads(WORKER), answered(WORKER, content_type="text/plain"))
    assert not claim.facts["html"]


@pytest.mark.parametrize("file", [MANIFEST, WORKER])
def test_silent_where_the_file_is_itself_or_is_not_there(file: PageFile) -> None:
    assert not judge(CHECK, loads(file), answered(file))
    missing = answered(file, 404, "text/html", is_html=True)
    assert not judge(CHECK, loads(file), missing)
    assert not judge("http.page-file-missing", loads(file), missing)
    html = answered(file, content_type="text/html", is_html=True)
    assert not judge("http.page-file-type", loads(file), html)


def test_silent_about_a_script() -> None:
    html = answered(script(), content_type="text/html", is_html=True)
    assert not judge(CHECK, loads(script()), html)


MOVED = f"{SITE}/en/sw.js"
LANGUAGES = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv/web;
    location /en/ {
        try_files $uri /en/index.html;
    }
    location / {
        return 302 /en$request_uri;
    }
}
"""


def test_fires_for_a_service_worker_behind_a_redirect_and_takes_it_out() -> None:
    html = answered(WORKER, content_type="text/html", is_html=True, redirects=(MOVED,))
    (claim,) = judge(CHECK, loads(WORKER), html, RUNNING, config(LANGUAGES), masked=False)
    assert claim.facts["moved"] == MOVED
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location = /sw.js {\n+        try_files $uri =404;\n+    }" in edit.diff


def test_fires_where_the_redirect_leads_to_the_script() -> None:
    (claim,) = judge(CHECK, loads(WORKER), answered(WORKER, redirects=(MOVED,)), masked=False)
    assert claim.facts["moved"] == MOVED
    assert claim.severity is Severity.WARNING


def test_fires_and_leaves_the_redirect_of_an_application() -> None:
    text = LANGUAGES.replace("return 302 /en$request_uri", "proxy_pass http://127.0.0.1:3000")
    moved = answered(WORKER, redirects=(MOVED,))
    (claim,) = judge(CHECK, loads(WORKER), moved, RUNNING, config(text))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_about_a_redirect_of_a_manifest_and_of_a_script() -> None:
    for file in (MANIFEST, script()):
        assert not judge(CHECK, loads(file), answered(file, redirects=(f"{SITE}/en/x",)))
