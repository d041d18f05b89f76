"""http.streams-need-http2: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Manual, Observation
from diagnose.model.http import BrowserVisit
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import REFUSED, SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, config

VISIT = BrowserVisit(
    url=SHOP.url, address="203.0.113.10", port=443, alpn="http/1.1", version="HTTP/1.1", status=200
)
SEVENTH = "EventSource only works in the first six tabs, the seventh tab keeps loading forever"


def claims(*seen: Observation, words: str = SEVENTH) -> list[Claim]:
    target = replace(SHOP, symptom=symptom_of(words) if words else None)
    return judge("http.streams-need-http2", *seen, target=target)


@pytest.mark.parametrize(
    "words", [SEVENTH, "SSE 打开第七个标签页就一直转圈", "app freezes when I open 6 tabs with SSE"]
)
def test_fires_where_tabs_are_told_and_http2_is_not_offered(words: str) -> None:
    (claim,) = claims(VISIT, words=words)
    assert claim.because == (VISIT,)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_offers_it_in_the_server_block() -> None:
    (claim,) = claims(VISIT, BUILD, RUNNING, config())
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http2 on;" in edit.diff


def test_silent_with_http2_without_words_and_where_nothing_was_seen() -> None:
    assert not claims(replace(VISIT, alpn="h2"))
    assert not claims(VISIT, replace(VISIT, alpn="h2"))
    assert not claims(replace(VISIT, failure=REFUSED))
    assert not claims(VISIT, words="")
    assert not claims(VISIT, words="SSE breaks when behind a buffering proxy")
