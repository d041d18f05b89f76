"""http.isolation-policy: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFile, PageUse
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import loads, script
from tests.support.upstream_evidence import page

CHECK = "http.isolation-policy"
COEP, COOP = "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy"
CORP = "Cross-Origin-Resource-Policy"
LIBRARY = script("https://cdn.example.net/lib.js")
YOUTUBE = "https://www.youtube.com/embed/x"
GOOGLE = script("https://accounts.google.com/gsi/client", is_optional=True)


def answer(*fields: tuple[str, str]) -> Exchange:
    return replace(page(200), headers=fields)


@pytest.mark.parametrize("value", ["require-corp", "credentialless", "require-corp; report-to=x"])
def test_fires_on_a_frame_of_another_origin(value: str) -> None:
    """After issue 1852 of TASVideos: every film of YouTube was blocked."""
    shown = loads(uses=(PageUse("frame", YOUTUBE),))
    (claim,) = judge(CHECK, shown, answer((COEP, value), (COOP, "same-origin")), masked=False)
    assert claim.severity is None
    assert claim.facts["address"] == YOUTUBE


def test_fires_on_a_library_where_nothing_is_isolated() -> None:
    (claim,) = judge(CHECK, loads(LIBRARY), answer((COEP, "require-corp")))
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_note_where_the_page_is_isolated() -> None:
    fields = (COEP, "require-corp"), (COOP, "same-origin")
    (claim,) = judge(CHECK, loads(LIBRARY), answer(*fields))
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)
    words = "net::ERR_BLOCKED_BY_RESPONSE.NotSameOriginAfterDefaultedToSameOriginByCoep"
    target = replace(SHOP, symptom=Symptom("csp", words))
    (claim,) = judge(CHECK, loads(LIBRARY), answer(*fields), target=target)
    assert claim.severity is None


def test_fires_on_a_login_by_a_window() -> None:
    (claim,) = judge(CHECK, loads(GOOGLE), answer((COOP, "same-origin")), masked=False)
    assert claim.facts["opener"]


def test_fires_on_a_file_for_other_sites_after_a_message() -> None:
    target = replace(SHOP, symptom=Symptom("csp", "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200"))
    (claim,) = judge(CHECK, answer((CORP, "same-origin")), target=target)
    assert claim.facts["resource"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    text = SITE.replace(
        "proxy_pass", f"add_header {CORP} same-origin always;\n        proxy_pass", 1
    )
    (claim,) = judge(
        CHECK, answer((CORP, "same-origin")), RUNNING, config(text), target=target, masked=False
    )
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    (edit, *_) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f"+        add_header {CORP} cross-origin always;" in edit.diff
    assert not judge(CHECK, answer((CORP, "cross-origin")), target=target)
    assert not judge(CHECK, answer((CORP, "same-origin")))


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ((COEP, "unsafe-none"),),
        ((COEP, "credentialless"),),
        ((COEP, "require-corp"), (COEP, "require-corp")),
        ((COOP, "same-origin-allow-popups"),),
    ],
)
def test_silent_where_nothing_is_kept_out(fields: tuple[tuple[str, str], ...]) -> None:
    assert not judge(CHECK, loads(LIBRARY, GOOGLE), answer(*fields))


def test_silent_on_what_agrees_or_is_asked_for_with_cors() -> None:
    files = (
        script(),
        script("https://cdn.jsdelivr.net/npm/vue"),
        PageFile("script", LIBRARY.url, cors=True),
    )
    uses = (
        PageUse("frame", "https://shop.example.com/map"),
        PageUse("frame", YOUTUBE, credentialless=True),
        PageUse("image", "https://cdn.example.net/a.png", cors=True),
        PageUse("image", "data:"),
    )
    policy = answer((COEP, "require-corp"))
    assert not judge(CHECK, loads(*files, uses=uses), policy, masked=False)
