from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.site_folders import HiddenPage
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, apache_config

CHECK = "http.fallback-leaves-folder"
INNER = replace(SHOP, path="/app/users")
PAGE = Exchange(
    url="https://shop.example.com/app/users", address="203.0.113.10", port=443, status=200
)
HIDDEN = HiddenPage(
    product="nginx",
    path="/app/users",
    file="/srv/two/app/index.html",
    shown_file="/srv/two/index.html",
    fallback="/index.html",
    folder="/app/",
)
SERVER = "server { listen 443 ssl; server_name shop.example.com; %s }"
ROOTED = "location / { root /srv/two; try_files $uri $uri/ /index.html; }"
SITE = """\
shop.example.com {
	root * /srv/two
	try_files {path} {path}/ /index.html
	file_server
}
"""


@pytest.mark.parametrize(
    ("lines", "new"),
    [
        (
            "location /app { alias /srv/two/app; try_files $uri $uri/ /index.html; } " + ROOTED,
            ("try_files $uri $uri/ /app/index.html;",),
        ),
        (
            "location /app/ { alias /srv/two/app/; try_files $uri /index.html?$args; } " + ROOTED,
            ("try_files $uri /app/index.html?$args;",),
        ),
        (
            ROOTED,
            ("location /app/ {", "root /srv/two;", "try_files $uri $uri/ /app/index.html;"),
        ),
    ],
)
def test_fires_and_nginx_stays_in_the_folder(lines: str, new: tuple[str, ...]) -> None:
    (claim,) = judge(CHECK, config(SERVER % lines), HIDDEN, PAGE, target=INNER)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert all(line in edit.diff for line in new)


@pytest.mark.parametrize(
    "lines",
    [
        "location ~ ^/app { root /srv/two; try_files $uri /index.html; }",
        "location / { root /srv/two; auth_basic Staff; try_files $uri /index.html; }",
    ],
)
def test_fires_and_a_person_edits_what_another_location_would_open(lines: str) -> None:
    (claim,) = judge(CHECK, config(SERVER % lines), HIDDEN, PAGE, target=INNER)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_caddy_takes_the_folder_s_page_before_it_falls_back() -> None:
    seen = caddy_config(SITE, document("shop.example.com"))
    hidden = replace(HIDDEN, product="caddy")
    (claim,) = judge(CHECK, CADDY, seen, hidden, PAGE, target=INNER)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+\t\tnot file {path} {path}/" in edit.diff
    assert "+\trewrite @app-pages /app/index.html" in edit.diff
    moved = replace(hidden, file="/srv/other/index.html")
    (claim,) = judge(CHECK, CADDY, seen, moved, PAGE, target=INNER)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_no_page_is_hidden_or_none_is_shown() -> None:
    seen = config(SERVER % ROOTED)
    assert not judge(CHECK, seen, PAGE, target=INNER)
    assert not judge(CHECK, seen, replace(HIDDEN, folder=""), PAGE, target=INNER)
    assert not judge(CHECK, seen, HIDDEN, replace(PAGE, status=404), target=INNER)


def test_fires_and_apache_has_a_section_for_the_folder() -> None:
    rule = "DocumentRoot /srv/two\n    FallbackResource /index.html\n    SSLEngine on"
    site = apache_config(HTTPS.replace("SSLEngine on", rule, 1))
    hidden = replace(HIDDEN, product="apache")
    (claim,) = judge(CHECK, APACHE, LISTENING, site, hidden, PAGE, target=INNER)
    assert claim.facts["line"] == "FallbackResource /index.html"
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert '+    <Directory "/srv/two/app">' in edit.diff
    assert "+        FallbackResource /app/index.html" in edit.diff
