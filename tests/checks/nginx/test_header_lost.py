"""nginx.header-lost: add_header that is not inherited, or not sent with an error."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.header-lost"
HSTS = 'add_header Strict-Transport-Security "max-age=31536000"'
FRAMES = "add_header X-Frame-Options SAMEORIGIN"
OWN = "        add_header Cache-Control no-store;\n"
FALLBACK = "        try_files $uri /app.html;\n"
HOST = "        proxy_set_header Host $host;\n"


def claims(outer: str, inner: str, answer: Exchange, words: str = "") -> list[Claim]:
    text = SITE.replace("    location / {", f"    {outer}\n    location / {{")
    text = text.replace(HOST, HOST + inner)
    if inner:
        answer = replace(answer, headers=(*answer.headers, ("Cache-Control", "no-store")))
    symptom = Symptom("response-field", words) if words else None
    target = replace(SHOP, symptom=symptom)
    return judge(CHECK, config(text), BUILD, RUNNING, answer, target=target)


def edit_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_location_inherits_none() -> None:
    (claim,) = claims(f"{HSTS} always; {FRAMES};", OWN, page(200))
    assert claim.facts["field"] == "Strict-Transport-Security"
    assert claim.facts["others"] == ["X-Frame-Options"]
    assert f"+        {HSTS} always;\n+        {FRAMES};\n" in edit_of(claim)


def test_fires_for_the_field_that_is_asked_about_alone() -> None:
    (claim,) = claims(f"{HSTS};\n    {FRAMES};", OWN, page(200), "X-Frame-Options header missing")
    assert claim.facts["field"] == "X-Frame-Options"
    assert f"+        {FRAMES};\n" in edit_of(claim)
    assert "Strict" not in "".join(
        line for line in edit_of(claim).splitlines() if line.startswith("+ ")
    )


def test_fires_for_an_error_without_always_that_is_asked_about() -> None:
    words = "HSTS header missing"
    (claim,) = claims(f"{HSTS};", "", page(404), words)
    assert f"+    {HSTS} always;\n" in edit_of(claim)
    assert not claims(f"{HSTS};", "", page(404)), "an error is a fault of its own"
    assert not claims(f"{HSTS} always;", "", page(404), words)


@pytest.mark.parametrize(
    ("outer", "inner", "fields"),
    [
        (f"{HSTS};", OWN, (("Strict-Transport-Security", "max-age=1"),)),
        (f"{HSTS};", "", ()),
        ("", OWN, ()),
        ("add_header X-Frame-Options $frames;", OWN, ()),
        ("add_header X-Request-Id abc;", OWN, ()),
        (f"{HSTS};", f"        add_header_inherit merge;\n{OWN}", ()),
    ],
    ids=("sent", "inherited", "not set", "variable", "other field", "merged"),
)
def test_silent_where(outer: str, inner: str, fields: tuple[tuple[str, str], ...]) -> None:
    assert not claims(outer, inner, replace(page(200), headers=fields), "")


def test_fires_for_the_location_to_which_try_files_leads() -> None:
    """The answer carries what that one adds, and not what the first one does."""
    inner = f"        add_header X-Own 1;\n{FALLBACK}"
    end = f"location = /app.html {{\n{OWN}    }}"
    (claim,) = claims(f"{HSTS};\n    {end}", inner, page(200), HSTS)
    added = edit_of(claim).splitlines()
    assert f"+        {HSTS};" in added
    assert added.index(f" {OWN.rstrip()}") < added.index(f"+        {HSTS};")


def test_silent_where_no_field_shows_that_the_location_answered() -> None:
    assert not claims(f"{HSTS};", OWN.replace("no-store", "private"), page(200), HSTS)


def test_silent_where_a_page_may_be_shown_in_a_frame() -> None:
    policy = 'add_header Content-Security-Policy "frame-ancestors https://shop.example";'
    fields = (("Content-Security-Policy", "frame-ancestors https://shop.example"),)
    answer = replace(page(200), headers=fields)
    assert not claims(f"{FRAMES};", f"        {policy}\n", answer)
    assert claims(f"{FRAMES};", f"        {policy}\n", answer, "X-Frame-Options header missing")


def test_fires_for_fields_of_the_site_that_a_message_names() -> None:
    outer = 'add_header X-Server server; add_header Cache-Control "public";'
    inner = "        add_header X-Location location;\n"
    answer = replace(page(200), headers=(*page(200).headers, ("X-Location", "location")))
    words = "X-Server and Cache-Control of the server block are missing in the response"
    (claim,) = claims(outer, inner, answer, words)
    assert (claim.facts["field"], claim.facts["others"]) == ("X-Server", [])
