"""nginx.page-for-file: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import loads, script

CHECK = "nginx.page-for-file"
SPA = "location / { try_files $uri $uri/ /index.html; }"
BLOCK = "server {\n listen 443 ssl;\n server_name shop.example.com;\n root /srv;\n %s\n}\n"
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def claims(lines: str, path: str, headers: Any = HTML, status: int = 200) -> list[Any]:
    text = BLOCK % lines
    response = replace(page(status), url=f"https://shop.example.com{path}", headers=headers)
    return judge(CHECK, RUNNING, config(text), response, target=replace(SHOP, path=path))


@pytest.mark.parametrize("path", ["/assets/app-4f3a1b.js", "/assets/app.css", "/data.json?v=1"])
def test_fires_on_the_page_of_the_application(path: str) -> None:
    (claim,) = claims(SPA, path)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["page"] == "/srv/index.html"
    assert claim.facts["file"] == f"/srv{path.partition('?')[0]}"


def test_silent_where_a_page_or_the_file_comes() -> None:
    assert not claims(SPA, "/about")
    assert not claims(SPA, "/about.html")
    assert not claims(SPA, "/assets/app.js", (("Content-Type", "text/javascript"),))
    assert not claims(SPA, "/assets/app.js", status=404)


@pytest.mark.parametrize(
    "lines",
    [
        "location / { proxy_pass http://127.0.0.1:3000; }",
        "location / { try_files $uri @a; } location @a { proxy_pass http://127.0.0.1:3000; }",
        "location / { try_files $uri /index.php; } location ~ \\.php$ { fastcgi_pass a:9; }",
        "location / { try_files $uri =404; }",
        f"{SPA} location /blob/ {{ proxy_pass http://127.0.0.1:3000; }}",
    ],
)
def test_silent_where_an_application_shows_the_file_in_a_page(lines: str) -> None:
    assert not claims(lines, "/blob/main/app.js")


@pytest.mark.parametrize("status", ["=200", "="])
def test_fires_where_error_page_answers_with_the_page(status: str) -> None:
    (claim,) = claims(f"error_page 404 {status} /index.html; location / {{ }}", "/js/app.js")
    assert (claim.facts["file"], claim.facts["page"]) == ("/srv/js/app.js", "/srv/index.html")
    assert (claim.facts["replaced"], claim.facts["folder"]) == (True, "/js/")


@pytest.mark.parametrize(
    "lines",
    [
        "error_page 404 /index.html; location / { }",
        "error_page 500 =200 /index.html; location / { }",
        "error_page 404 =200 /index.html; location / { proxy_pass http://127.0.0.1:3000; }",
        "error_page 404 =200 /index.html; location / { } location = /index.html { return 200; }",
        "error_page 404 =200 @page; location / { } location @page { return 200; }",
    ],
)
def test_silent_where_error_page_is_not_the_reason(lines: str) -> None:
    assert not claims(lines, "/js/app.js")


@pytest.mark.parametrize(
    ("lines", "is_edited"),
    [
        (SPA, True),
        (f"{SPA} location /assets/ {{ try_files $uri /index.html; }}", False),
        ("location / { root /srv; try_files $uri /index.html; }", True),
        ("location ~ . { try_files $uri /index.html; }", False),
    ],
)
def test_the_file_of_an_old_build_becomes_a_404(lines: str, is_edited: bool) -> None:
    path = "/assets/app-BxK9a87c.js"
    text = BLOCK % lines
    response = replace(page(200), url=f"https://shop.example.com{path}", headers=HTML)
    today = loads(script("/assets/app-DUebgR3q.js"))
    seen = (RUNNING, config(text), response, today)
    (claim,) = judge(CHECK, *seen, target=replace(SHOP, path=path), masked=False)
    assert claim.fix
    written = str(claim.fix.steps[0])
    assert claim.facts["edited"] is is_edited
    assert ("location /assets/ {" in written and "try_files $uri =404;" in written) is is_edited


def test_other_files_are_left_to_a_person() -> None:
    """The name has no hash, or today's page loads nothing of that folder."""
    for path, today in (
        ("/assets/app.js", "/assets/app-DUebgR3q.js"),
        ("/assets/app-BxK9a87c.js", "/js/a-DUebgR3q.js"),
    ):
        text = BLOCK % SPA
        response = replace(page(200), url=f"https://shop.example.com{path}", headers=HTML)
        seen = (RUNNING, config(text), response, loads(script(today)))
        (claim,) = judge(CHECK, *seen, target=replace(SHOP, path=path), masked=False)
        assert not claim.facts["edited"]
