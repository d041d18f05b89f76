"""The line by which nginx sends a field in the place of the application's own."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import loads, script
from tests.support.upstream_evidence import page

CSP, CDN = "Content-Security-Policy", script("https://cdn.example.net/vue.js")


def answer(name: str, *values: str) -> Exchange:
    return replace(page(200), headers=tuple((name, value) for value in values))


def typed(claim: Any) -> str:
    """Return what a person types after choosing the last step."""
    assert claim.fix.applicability is Applicability.MANUAL
    last = claim.fix.steps[-1]
    return "".join(step.diff for step in last.commands if isinstance(step, Edit))


def test_writes_the_whole_policy_of_the_application() -> None:
    policy = "default-src 'self'; script-src 'self'"
    (claim,) = judge(
        "http.file-blocked-by-policy", loads(CDN), answer(CSP, policy), RUNNING, config(SITE),
        masked=False,
    )  # fmt: skip
    text = typed(claim)
    assert "proxy_hide_header Content-Security-Policy;" in text
    wanted = "default-src 'self'; script-src 'self' https://cdn.example.net"
    assert f'add_header Content-Security-Policy "{wanted}" always;' in text


@pytest.mark.parametrize(
    "policies",
    [
        ("script-src 'self'; style-src 'nonce-abcdefgh'",),
        ("script-src 'self'", "img-src *"),
        ("script-src 'self'; report-uri /$x",),
    ],
)
def test_leaves_what_changes_and_what_comes_twice_to_the_application(
    policies: tuple[str, ...],
) -> None:
    (claim,) = judge(
        "http.file-blocked-by-policy", loads(CDN), answer(CSP, *policies), RUNNING, config(SITE),
        masked=False,
    )  # fmt: skip
    assert typed(claim) == ""


def test_leaves_a_field_out_that_keeps_search_engines_away() -> None:
    told = replace(SHOP, symptom=Symptom("other", "Google does not index it: blocked by noindex"))
    (claim,) = judge(
        "http.indexing-forbidden", answer("X-Robots-Tag", "noindex"), RUNNING, config(SITE),
        target=told, masked=False,
    )  # fmt: skip
    text = typed(claim)
    assert "proxy_hide_header X-Robots-Tag;" in text
    assert "add_header" not in text


def test_lets_scripts_of_the_page_run_if_a_person_wants_it() -> None:
    line = f"    add_header {CSP} \"default-src 'self'\" always;\n    location / {{"
    inline = replace(loads(), inline_scripts=2)
    (claim,) = judge(
        "http.scripts-blocked", inline, answer(CSP, "default-src 'self'"), RUNNING,
        config(SITE.replace("    location / {", line)), masked=False,
    )  # fmt: skip
    assert "default-src 'self'; script-src 'self' 'unsafe-inline'" in typed(claim)
