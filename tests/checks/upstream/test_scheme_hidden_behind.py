"""upstream.scheme-hidden-behind: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Symptom
from diagnose.model.pages import Page
from diagnose.model.symptom import SymptomKind
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "upstream.scheme-hidden-behind"
SITES = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
server {
    listen 127.0.0.1:8080;
    server_name _;
    root /srv/web-ui;
    location /api/ {
        proxy_pass http://127.0.0.1:4000;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
"""
ASKING = Page(
    url="https://shop.example.com/", address="203.0.113.10", port=443, data_paths=("/api/auth/me",)
)


def test_fires_and_passes_the_field_on() -> None:
    target = replace(SHOP, symptom=Symptom("login", "after the login there is no cookie"))
    observations = (page(200), ASKING, RUNNING, config(SITES))
    (claim,) = judge(CHECK, *observations, target=target, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;" in edit.diff


def test_fires_as_possible_without_a_word_of_a_cookie() -> None:
    target = replace(SHOP, symptom=Symptom("login", "the login page comes again"))
    observations = (page(200), ASKING, RUNNING, config(SITES))
    (claim,) = judge(CHECK, *observations, target=target, masked=False)
    assert claim.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("status", SITES),
        ("login", SITES.replace("location /api/", "location /other/")),
        (
            "login",
            SITES.replace("4000;\n        proxy_set_header X-Forwarded-Proto $scheme", "4000"),
        ),
        (
            "login",
            SITES.replace(
                "4000;\n        proxy_set_header X-Forwarded-Proto $scheme",
                "4000;\n        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto",
            ),
        ),
    ],
    ids=["another message", "another path", "as it came", "passed on"],
)
def test_silent(kind: SymptomKind, text: str) -> None:
    target = replace(SHOP, symptom=Symptom(kind, "no cookie after the login"))
    observations = (page(200), ASKING, RUNNING, config(text))
    assert not judge(CHECK, *observations, target=target, masked=False)
