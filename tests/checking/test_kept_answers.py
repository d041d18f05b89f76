"""Edits after which a page or a file of the site would come no more."""

from dataclasses import replace

import pytest

from diagnose.checking.kept_answers import lost_answers
from diagnose.model import Claim, Observation, Subject
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, sheet

FILES = "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  root /srv/www;\n}\n"
PROXY = FILES.replace("root /srv/www;", "location / { proxy_pass http://127.0.0.1:3000; }")
GUIDE = replace(SHOP, path="/tools/guide/")
READ = replace(page(200), url=GUIDE.url)
STYLE = answered(sheet("/tools/guide/app.css"), 200, "text/css")


def lost(text: str, line: str, *seen: Observation, because: Observation | None = None) -> object:
    """What would come no more if the line stood in the block."""
    before, edited = config(text), config(text.replace("  server_name", f"  {line}\n  server_name"))
    file = next(each for each in before.files if text in each.text)
    new = next(each for each in edited.files if each.path == file.path)
    claim = Claim(about=Subject(port=443), because=(because,) if because else ())
    return lost_answers(evidence(*seen, target=GUIDE), claim, before, {file.path: new.text})


@pytest.mark.parametrize(
    "line",
    [
        "location /tools/ { alias /srv/www/tools/guide/; }",
        "location /tools { return 404; }",
        "location ~ /guide/ { root /srv/other; }",
    ],
)
def test_a_location_that_takes_the_asking_page(line: str) -> None:
    assert lost(FILES, line, READ) == ("/tools/guide/",)
    assert lost(FILES, line, STYLE) == ("/tools/guide/app.css",)


def test_files_in_the_place_of_an_application() -> None:
    assert lost(PROXY, "location /tools/ { root /srv/www; }", READ)
    kept = "location /tools/ { root /srv/www; try_files $uri @app; }"
    named = "location @app { proxy_pass http://127.0.0.1:3000; }"
    assert not lost(PROXY, f"{kept} {named}", READ)


@pytest.mark.parametrize(
    "line",
    [
        "location /shop/ { alias /srv/shop/; }",
        "location /tools/ { root /srv/www; expires 1d; }",
        "location /tools/ { proxy_pass http://127.0.0.1:3000; }",
        "absolute_redirect off;",
    ],
)
def test_what_leaves_them_as_they_are(line: str) -> None:
    assert not lost(FILES, line, READ, STYLE)


def test_what_the_claim_is_about_may_change() -> None:
    line = "location /tools/ { alias /srv/guide/; }"
    assert not lost(FILES, line, READ, because=READ)
    assert not lost(FILES, line, replace(READ, status=404))
    assert not lost(FILES, line, answered(sheet("/tools/guide/app.css"), 200, "text/html"))


def test_the_address_of_the_claim_that_is_asked_twice() -> None:
    line = "location /tools/ { return 404; }"
    again = replace(READ, equivalent="curl --http2")
    assert lost(FILES, line, READ, again, because=READ) == ()
    assert lost(FILES, line, STYLE, because=READ) == ("/tools/guide/app.css",)


def test_a_file_that_try_files_finds_first() -> None:
    """The fallback is for what is not there: a file that came is."""
    single = FILES.replace("}\n", "  location / { try_files $uri /index.html; }\n}\n")
    line = "location /tools/ { try_files $uri =404; }"
    assert lost(single, line, STYLE) == ()
    assert lost(single, line, READ) == ("/tools/guide/",)
    assert lost(single, "location /tools/ { root /srv/b; try_files $uri =404; }", STYLE)
    assert lost(single, "location /tools/ { return 404; }", STYLE)


@pytest.mark.parametrize(
    "line",
    [
        "location /tools/ { rewrite ^ /x.html break; }",
        "location /tools/ { deny all; }",
        "location /tools/ { try_files $uri =404; internal; }",
    ],
)
def test_a_rule_before_the_file_that_try_files_finds(line: str) -> None:
    single = FILES.replace("}\n", "  location / { try_files $uri /index.html; }\n}\n")
    assert lost(single, line, STYLE)
    assert lost(FILES, "rewrite ^/tools/(.*)$ /b/$1 last;", STYLE)
