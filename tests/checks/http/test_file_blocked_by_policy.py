"""http.file-blocked-by-policy: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import PageUse, UseKind
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, picture, script, sheet
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
    other = sheet("http://cdn.example.net/a.css")
    assert judge(CHECK, loads(other), answer("style-src 'self'"))


def test_silent_where_the_scheme_of_an_own_file_is_the_fault() -> None:
    """http.mixed-content names it: over https the policy allows the file."""
    style = sheet("http://shop.example.com/a.css")
    assert not judge(CHECK, loads(style), answer("style-src 'self'"))
    assert judge(CHECK, loads(style), answer("style-src 'none'"))


OTHER = "https://cdn.example.net/a"


@pytest.mark.parametrize(
    ("policy", "kind", "name"),
    [
        ("img-src 'self'", "image", "img-src"),
        ("default-src 'self'", "image", "default-src"),
        ("font-src 'self'", "font", "font-src"),
        ("media-src 'self'", "media", "media-src"),
        ("frame-src 'self'", "frame", "frame-src"),
        ("child-src 'self'", "frame", "child-src"),
        ("object-src 'none'", "object", "object-src"),
        ("connect-src 'self'", "request", "connect-src"),
    ],
)
def test_fires_on_whatever_the_page_asks_for(policy: str, kind: UseKind, name: str) -> None:
    (claim,) = judge(CHECK, loads(uses=(PageUse(kind, OTHER),)), answer(policy), masked=False)
    assert (claim.facts["file"], claim.facts["name"]) == (OTHER, name)
    assert claim.facts[kind]
    assert claim.severity is Severity.WARNING
    assert "https://cdn.example.net" in str(claim.facts["corrected"])


def test_fires_with_the_line_that_the_policy_needs() -> None:
    uses = (PageUse("image", "data:"),)
    (claim,) = judge(CHECK, loads(uses=uses), answer("default-src 'self' 'unsafe-inline'"))
    assert claim.facts["embedded"]
    assert claim.facts["corrected"] == "img-src 'self' data:"
    (claim,) = judge(CHECK, loads(uses=uses), answer("img-src 'none'"))
    assert claim.facts["corrected"] == "img-src data:"


def test_fires_as_a_note_on_what_only_decorates() -> None:
    uses = (PageUse("image", "data:"),)
    observations = (
        loads(sheet()),
        answered(sheet(), uses=uses),
        answer("img-src 'self'; style-src 'self'"),
    )
    (claim,) = judge(CHECK, *observations, masked=False)
    assert claim.severity is Severity.NOTE
    assert claim.facts["source"] == "https://shop.example.com/app.css"


def test_fires_on_what_a_file_of_the_page_asks_for() -> None:
    uses = (PageUse("request", "https://api.example.net/v1"),)
    observations = loads(script()), answered(script(), uses=uses), answer("default-src 'self'")
    (claim,) = judge(CHECK, *observations)
    assert claim.confidence is Confidence.LIKELY


def test_fires_on_styles_in_the_page_only_where_nginx_forbids_them() -> None:
    styles = loads(uses=(PageUse("style", "https://shop.example.com/"),))
    header = "add_header Content-Security-Policy \"style-src 'self'\";\n        proxy_set_header"
    line = config(SITE.replace("proxy_set_header", header, 1))
    (claim,) = judge(CHECK, RUNNING, line, styles, answer("style-src 'self'"))
    assert claim.facts["style"]
    assert claim.location
    assert not judge(CHECK, styles, answer("style-src 'self'"))


def test_fires_on_what_a_message_names() -> None:
    message = f"Refused to load the image '{OTHER}' because it violates the following Content Secur"
    target = replace(SHOP, symptom=Symptom("csp", message))
    (claim,) = judge(CHECK, loads(script()), answer("img-src 'self'"), target=target, masked=False)
    assert claim.facts["file"] == OTHER
    assert not judge(CHECK, loads(script()), answer("img-src *"), target=target)


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'self'; img-src 'self' https://cdn.example.net; font-src https:; frame-src *;"
        " connect-src https://cdn.example.net; media-src *; object-src https:",
        "script-src 'self'; style-src 'self'",
        "upgrade-insecure-requests",
    ],
)
def test_silent_where_each_kind_is_allowed(policy: str) -> None:
    kinds: tuple[UseKind, ...] = ("image", "font", "frame", "request", "media", "object")
    uses = tuple(PageUse(kind, OTHER) for kind in kinds)
    assert not judge(CHECK, loads(picture(), uses=uses), answer(policy))


def test_silent_on_counters_forms_and_own_pictures() -> None:
    uses = (
        PageUse("image", "https://www.google-analytics.com/collect"),
        PageUse("request", "https://o1.ingest.sentry.io/api"),
        PageUse("form", OTHER),
        PageUse("image", "https://shop.example.com/img/1.png"),
    )
    policy = "default-src 'self'; form-action 'self'; script-src 'none'"
    assert not judge(CHECK, loads(picture(), uses=uses), answer(policy), masked=False)


def test_fires_for_what_scripts_ask_of_the_site_itself() -> None:
    shown = replace(loads(script()), data_paths=("/api/items",))
    (claim,) = judge(CHECK, shown, answer("connect-src https://api.example.net"))
    assert claim.facts["file"] == "https://shop.example.com/api/items"
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["corrected"] == "connect-src https://api.example.net 'self'"
    for policy in ("connect-src 'self'", "default-src 'self'", "script-src 'self'"):
        assert not judge(CHECK, shown, answer(policy))


@pytest.mark.parametrize(
    "url", ["http://localhost:1337/init", "http://127.0.0.1:3000/init", "http://web1:8080/init"]
)
def test_silent_on_what_no_visitor_reaches(url: str) -> None:
    """No policy helps: http.localhost-in-page and http.internal-name-in-page name it."""
    asks = loads(uses=(PageUse(kind="request", url=url),))
    assert not judge(CHECK, asks, answer("connect-src 'self' https:"))
    other = PageUse(kind="request", url="https://api.example.net/init")
    both = replace(asks, uses=(*asks.uses, other))
    (claim,) = judge(CHECK, both, answer("connect-src 'self'"))
    assert (claim.facts["file"], claim.facts["others"]) == (other.url, ())


def test_fires_on_a_program_of_the_visitors_own_machine() -> None:
    """A printer's or a wallet's: it listens there on purpose."""
    asks = loads(uses=(PageUse(kind="request", url="http://localhost:8182/print"),))
    assert judge(CHECK, asks, answer("connect-src 'self'"))


def test_fires_with_the_question_to_the_application_itself() -> None:
    """After issue 3695 of microsoft/fast: Helmet sends the policy, and HAProxy is in front."""
    seen = loads(CDN, script()), answer("script-src 'self'")
    for front in ((HAPROXY, haproxy_config()), (RUNNING, config(SITE))):
        (claim,) = judge(CHECK, *front, *seen, masked=False)
        question = str(claim.facts["direct"])
        assert question.startswith("curl -sk -o /dev/null -D - -H 'Host: shop.example.com' http")
        assert question.endswith(":3000/ | grep -i content-security-policy")
    (claim,) = judge(CHECK, *seen)
    assert claim.facts["direct"] == ""
