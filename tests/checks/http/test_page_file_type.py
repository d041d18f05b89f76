from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Manual, Severity
from diagnose.model.pages import PageFile
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, module, script, sheet

CHECK = "http.page-file-type"
NOSNIFF = (("X-Content-Type-Options", "nosniff"),)


def test_fires_for_a_page_in_place_of_a_module() -> None:
    page = loads(module(), sheet(), is_empty=True)
    html = answered(module(), content_type="text/html", is_html=True)
    (claim,) = judge(CHECK, page, html, answered(sheet()))
    assert claim.severity is Severity.ERROR
    assert claim.facts["html"]
    assert claim.facts["type"] == "text/html"


def test_fires_for_style_sheets_as_plain_text() -> None:
    page = loads(sheet(), sheet("/b.css"), script())
    (claim,) = judge(
        CHECK,
        page,
        answered(sheet(), content_type="text/plain"),
        answered(sheet("/b.css"), content_type="text/plain"),
        answered(script(), content_type="text/plain"),
    )
    assert claim.severity is Severity.ERROR
    assert claim.facts["others"] == ("https://shop.example.com/b.css",)


def test_fires_for_a_classic_script_with_nosniff() -> None:
    plain = answered(script(), content_type="text/plain", headers=NOSNIFF)
    (claim,) = judge(CHECK, loads(script()), plain)
    assert claim.facts["nosniff"]
    assert claim.severity is Severity.WARNING


def test_silent_where_browsers_are_content() -> None:
    page = loads(sheet(), script(), module())
    assert not judge(CHECK, page, answered(sheet()), answered(script()), answered(module()))
    assert not judge(CHECK, page, answered(script(), content_type="text/plain"))
    assert not judge(CHECK, page, answered(sheet(), content_type="none"))


def test_silent_in_quirks_mode_without_nosniff() -> None:
    page = loads(sheet(), quirks=True)
    assert not judge(CHECK, page, answered(sheet(), content_type="text/plain"))
    assert judge(CHECK, page, answered(sheet(), content_type="text/plain", headers=NOSNIFF))


def test_silent_about_an_error_status() -> None:
    assert not judge(CHECK, loads(sheet()), answered(sheet(), 404, content_type="text/html"))


def test_fires_for_a_module_that_a_script_names_where_it_comes() -> None:
    viewer = PageFile("import", "https://shop.example.com/viewer.min.mjs")
    page = loads(module())
    (claim,) = judge(CHECK, page, answered(viewer, 200, "application/octet-stream"))
    assert claim.facts["module"]
    assert claim.severity is Severity.WARNING
    assert not judge(CHECK, page, answered(viewer, 200, "text/html", is_html=True))
    assert not judge("http.page-file-missing", page, answered(viewer, 404, "text/html"))


def test_fires_as_a_note_for_webassembly_that_a_script_names() -> None:
    """After issue 3 of openimsdk/openim-h5-demo: the types of nginx 1.18."""
    program = PageFile("wasm", "https://shop.example.com/openIM.wasm", True)
    observations = loads(script()), answered(program, 200, "application/octet-stream")
    (claim,) = judge(CHECK, *observations)
    assert claim.facts["wasm"]
    assert claim.severity is Severity.NOTE
    words = "TypeError: Incorrect response MIME type. Expected 'application/wasm'."
    target = replace(SHOP, symptom=Symptom("mime", words))
    (claim,) = judge(CHECK, *observations, target=target)
    assert claim.severity is Severity.WARNING
    assert not judge(CHECK, loads(script()), answered(program))
    assert not judge(CHECK, loads(script()), answered(program, 404, "text/html"))
    streamed = answered(replace(program, is_optional=False), 200, "application/octet-stream")
    (claim,) = judge(CHECK, loads(script()), streamed)
    assert claim.severity is Severity.WARNING


APPLICATION = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8000;
        proxy_set_header Host $host;
    }
}
"""


def typed_by(site: str) -> Claim:
    page, plain = loads(module()), answered(module(), content_type="text/plain")
    (claim,) = judge(CHECK, page, plain, RUNNING, config(site))
    return claim


def test_fires_with_a_location_that_names_the_type_for_the_application() -> None:
    claim = typed_by(APPLICATION)
    assert claim.facts["corrected"]
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    for line in (
        r"location ~ \.js$", "proxy_pass http://127.0.0.1:8000;", "proxy_hide_header Content-Type;",
        "add_header Content-Type text/javascript;",
    ):  # fmt: skip
        assert line in edit.diff


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    location / {", "    location ~ ^/inner/ { deny all; }\n    location / {"),
        ("8000;", "8000/;"),
        ("proxy_set_header Host $host;", "auth_request /who;"),
        ("proxy_pass http://127.0.0.1:8000;", "root /srv/shop;"),
    ],
)
def test_a_person_names_the_type_where_the_location_does_more(old: str, new: str) -> None:
    claim = typed_by(APPLICATION.replace(old, new))
    assert not claim.facts["corrected"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_what_nginx_closes_stays_closed_for_the_files_of_that_type() -> None:
    closed = APPLICATION.replace("proxy_set_header Host $host;", "auth_basic shop;")
    apart = APPLICATION.replace("location / {", "location ^~ / {").replace(
        "    location", "    location ~ ^/inner/ { deny all; }\n    location", 1
    )
    for site in (closed, apart):
        claim = typed_by(site)
        assert claim.fix
        (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
        # The location is inside the other one, whose login counts in it.
        assert "+        location ~" in edit.diff
