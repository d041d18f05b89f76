"""http.file-blocked-by-policy: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Severity
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.page_evidence import loads, script, sheet
from tests.support.upstream_evidence import page

CHECK = "http.file-blocked-by-policy"
CDN = script("https://cdn.example.net/vue.js")


def answer(policy: str) -> Exchange:
    return replace(page(200), headers=(("Content-Security-Policy", policy),))


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self'",
        "default-src 'self'",
        "default-src *; script-src 'self' https://other.example.net",
        "script-src-elem 'none'",
        "script-src 'self' https://cdn.example.net, script-src 'self'",
    ],
)
def test_fires_on_a_script_of_another_origin(policy: str) -> None:
    (claim,) = judge(CHECK, loads(CDN, script()), answer(policy))
    assert claim.facts["file"] == CDN.url if "none" not in policy else claim.facts["others"]


def test_fires_as_an_error_for_the_only_style_sheet() -> None:
    style = sheet("https://cdn.example.net/a.css")
    (claim,) = judge(CHECK, loads(style), answer("style-src 'self'"))
    assert claim.severity is Severity.ERROR
    assert claim.facts["name"] == "style-src"


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'self' https://cdn.example.net",
        "script-src 'self' *.example.net",
        "script-src https:",
        "script-src 'self' 'nonce-abc'",
        "script-src 'strict-dynamic' 'sha256-abc'",
        "style-src 'self'",
        "upgrade-insecure-requests",
    ],
)
def test_silent_where_it_is_allowed_or_unknown(policy: str) -> None:
    assert not judge(CHECK, loads(CDN, script()), answer(policy))


def test_silent_on_own_files_and_on_those_that_the_page_does_not_wait_for() -> None:
    analytics = script("https://stats.example.net/a.js", is_optional=True)
    assert not judge(CHECK, loads(script(), analytics), answer("script-src 'self'"))


def test_silent_where_the_policy_changes_http_to_https_before() -> None:
    style = sheet("http://shop.example.com/a.css")
    policy = answer("style-src 'self'; upgrade-insecure-requests")
    upgrading = replace(loads(style), upgrades=True)
    assert not judge(CHECK, upgrading, policy)
    assert judge(CHECK, loads(style), answer("style-src 'self'"))
