from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.site_folders import HiddenPage
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import config

CHECK = "http.fallback-hides-page"
SKILLS = replace(SHOP, path="/skills")
PAGE = Exchange(url="https://shop.example.com/skills", address="203.0.113.10", port=443, status=200)
HIDDEN = HiddenPage(
    product="caddy",
    path="/skills",
    file="/srv/dist/skills/index.html",
    shown_file="/srv/dist/index.html",
    fallback="/index.html",
)
SITE = """\
shop.example.com {{
	root * /srv/dist
	try_files {} /index.html
	file_server
}}
"""
NGINX = (
    "server { listen 443 ssl; server_name shop.example.com; root /srv/dist; "
    "location / { try_files %s /index.html; } }"
)


@pytest.mark.parametrize(
    ("tried", "file", "new"),
    [
        (
            "{path}",
            "skills/index.html",
            "try_files {path} {path}/index.html {path}.html /index.html",
        ),
        ("{path}", "skills.html", "try_files {path} {path}.html {path}/index.html /index.html"),
        (
            "{path} {path}.html",
            "skills/index.html",
            "try_files {path} {path}/index.html {path}.html",
        ),
    ],
)
def test_fires_and_caddy_looks_for_the_page_before_it_falls_back(
    tried: str, file: str, new: str
) -> None:
    hidden = replace(HIDDEN, file=f"/srv/dist/{file}")
    seen = caddy_config(SITE.format(tried), document("shop.example.com"))
    (claim,) = judge(CHECK, CADDY, seen, hidden, PAGE, target=SKILLS)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f"+\t{new}" in edit.diff


@pytest.mark.parametrize(
    ("tried", "file", "new"),
    [
        ("$uri", "skills/index.html", "try_files $uri $uri/ $uri.html /index.html;"),
        ("$uri $uri/", "skills.html", "try_files $uri $uri.html $uri/ /index.html;"),
    ],
)
def test_fires_and_nginx_looks_for_the_page_before_it_falls_back(
    tried: str, file: str, new: str
) -> None:
    hidden = replace(HIDDEN, product="nginx", file=f"/srv/dist/{file}")
    (claim,) = judge(CHECK, config(NGINX % tried), hidden, PAGE, target=SKILLS)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert new in edit.diff


def test_a_person_edits_a_line_that_has_the_word_already() -> None:
    seen = caddy_config(SITE.format("{path} {path}/"), document("shop.example.com"))
    (claim,) = judge(CHECK, CADDY, seen, HIDDEN, PAGE, target=SKILLS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_no_page_is_hidden_or_none_is_shown() -> None:
    seen = caddy_config(SITE.format("{path}"), document("shop.example.com"))
    assert not judge(CHECK, CADDY, seen, PAGE, target=SKILLS)
    assert not judge(CHECK, CADDY, seen, HIDDEN, replace(PAGE, status=502), target=SKILLS)
