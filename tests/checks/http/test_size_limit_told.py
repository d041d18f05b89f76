"""http.size-limit-told: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim
from diagnose.model.applications import ReadSetting
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page

EDGE = replace(page(200), headers=(("CF-RAY", "8f1-FRA"), ("Server", "cloudflare")))


def told(words: str, *, edge: bool = False) -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words) if words else None)
    seen = EDGE if edge else page(200)
    return judge("http.size-limit-told", seen, target=target)


@pytest.mark.parametrize(
    ("words", "framework", "limit"),
    [
        ("Error: Body exceeded 1 MB limit.", "next", "1 MB"),
        ("MaxUploadSizeExceededException: Maximum upload size exceeded", "spring", ""),
        (
            "Request body too large. The max request body size is 30000000 bytes.",
            "kestrel", "30000000 bytes",
        ),
        ("Multipart body length limit 134217728 exceeded.", "forms", "134217728"),
        ("PayloadTooLargeError: request entity too large", "node", ""),
        ("Error: request entity too large", "node", ""),
    ],
)  # fmt: skip
def test_fires_on_the_words_of_one_framework(words: str, framework: str, limit: str) -> None:
    (claim,) = told(words)
    assert claim.facts[framework] is True
    assert claim.facts["limit"] == limit


def test_fires_on_the_size_of_cloudflares_plans_behind_it() -> None:
    (claim,) = told("uploads over 100 MB fail", edge=True)
    assert claim.facts["cloudflare"] is True


def test_silent_on_other_sizes_other_words_and_without_it() -> None:
    assert not told("uploads over 100 MB fail")
    assert not told("uploads over 20 MB fail", edge=True)
    assert not told("413 Request Entity Too Large", edge=True)
    assert not told("", edge=True)


RAISED = ReadSetting(
    application="express", topic="body_limit", key="limit of express.json()",
    file="/srv/shop/server.js",
)  # fmt: skip


def test_silent_where_the_programs_limit_was_read_and_is_large() -> None:
    target = replace(SHOP, symptom=symptom_of("PayloadTooLargeError: request entity too large"))
    assert not judge("http.size-limit-told", page(200), RAISED, target=target)
    for read in (
        replace(RAISED, new="app.use(express.json({ limit: '50mb' }));"),
        replace(RAISED, stale=True),
        replace(RAISED, source="unread", file=""),
        replace(RAISED, topic="trusted_proxy"),
    ):
        assert judge("http.size-limit-told", page(200), read, target=target)
