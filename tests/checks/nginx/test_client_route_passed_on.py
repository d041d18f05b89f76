"""nginx.client-route-passed-on: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.pages import ClientRoute
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_file_access import examined

CHECK = "nginx.client-route-passed-on"
TARGET = replace(SHOP, path="/subscribe")
URL = "https://shop.example.com/subscribe"
NAMED = (
    "location / { try_files $uri @api; } location @api {\n  proxy_pass http://127.0.0.1:3000;\n  }"
)
APART = (
    "location = / { root /srv/spa; index index.html; }\n"
    "  location / {\n    proxy_pass http://127.0.0.1:3000;\n  }"
)
FILE = examined(
    "/srv/spa/subscribe", url="/subscribe", elsewhere="/srv/spa/index.html", mistake="fallback"
)


def seen(body: str, source: Any = "route", status: int = 404) -> tuple[Any, ...]:
    text = f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {body}\n}}\n"
    route = ClientRoute(
        url=URL, front="https://shop.example.com/", script="https://shop.example.com/a.js",
        source=source,
    )  # fmt: skip
    return RUNNING, config(text), replace(page(status), url=URL, body="{}"), route


def test_fires_on_a_fallback_to_the_program() -> None:
    (claim,) = judge(CHECK, *seen(f"root /srv/spa; {NAMED}"), FILE, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["fallback"] == "try_files $uri @api"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    text = str(claim.fix.steps[0])
    assert "+  error_page 404 = @application_page;" in text
    assert "+    try_files /index.html =404;" in text


def test_fires_on_locations_for_the_files_alone() -> None:
    (claim,) = judge(CHECK, *seen(APART), target=TARGET)
    assert claim.fix
    assert "+    root /srv/spa;" in str(claim.fix.steps[0])


def test_fires_without_the_table_of_a_script_as_possible() -> None:
    (claim,) = judge(CHECK, *seen(APART, "router"), target=TARGET)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)
    asked = replace(TARGET, symptom=Symptom("status", "404 on refresh"))
    (claim,) = judge(CHECK, *seen(APART, "router"), target=asked)
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(
    "body",
    [
        # What the location of the page closes would be open in another one.
        APART.replace("index index.html;", "auth_basic Staff;"),
        APART.replace("    proxy_pass", "    error_page 404 /404.html;\n    proxy_pass"),
        # nginx refuses a second one.
        APART.replace("    proxy_pass", "    proxy_intercept_errors off;\n    proxy_pass"),
    ],
)
def test_fires_and_leaves_the_edit_to_a_person(body: str) -> None:
    (claim,) = judge(CHECK, *seen(body), target=TARGET)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "evidence",
    [
        seen(APART, status=200),
        seen(f"root /srv/spa; {NAMED}"),
        seen("location / { proxy_pass http://127.0.0.1:3000; }"),
        seen("root /srv/spa; location / { }"),
        seen(APART)[:3],
    ],
)
def test_silent_where_the_program_has_the_page_or_nginx_answers(evidence: tuple[Any, ...]) -> None:
    assert not judge(CHECK, *evidence, target=TARGET)


def test_silent_where_a_fallback_to_a_file_ends_at_the_program() -> None:
    panel = "location = /panel/ { alias /srv/spa/; index index.html; }"
    program = "location / {\n    proxy_pass http://127.0.0.1:3000;\n  }"
    wrong = "location /panel/ { alias /srv/spa/; try_files $uri $uri/ /index.html; }"
    url = "https://shop.example.com/panel/orders"
    for body, fires in ((f"{panel} {program}", True), (f"{wrong} {program}", False)):
        running, text, answer, route = seen(body)
        route = replace(route, url=url, front="https://shop.example.com/panel/")
        target = replace(SHOP, path="/panel/orders")
        answer = replace(answer, url=url)
        assert bool(judge(CHECK, running, text, answer, route, FILE, target=target)) is fires
