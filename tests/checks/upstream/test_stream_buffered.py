"""upstream.stream-buffered: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Failure, Severity, Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config

CHECK = "upstream.stream-buffered"
SILENT = Exchange(
    url=SHOP.url, address="203.0.113.10", port=443, failure=Failure("timeout", "timed out")
)
STREAM = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
    address="127.0.0.1", asked=True, status=200, media_type="text/event-stream",
)  # fmt: skip


def test_fires_and_turns_buffering_off() -> None:
    (claim,) = judge(CHECK, SILENT, STREAM, BUILD, RUNNING, config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+        proxy_buffering off;" in str(claim.fix.steps[0].diff)  # type: ignore[union-attr]


def test_fires_for_the_lines_of_a_log() -> None:
    log = replace(STREAM, media_type="text/plain")
    (claim,) = judge(CHECK, SILENT, log, BUILD, RUNNING, config())
    assert claim.facts["type"] == "text/plain"


def test_silent_where_nothing_is_buffered_or_the_answer_is_a_page() -> None:
    off = config(SITE.replace("proxy_set_header", "proxy_buffering off; proxy_set_header"))
    assert not judge(CHECK, SILENT, STREAM, BUILD, RUNNING, off)
    page = replace(STREAM, media_type="text/html")
    assert not judge(CHECK, SILENT, page, BUILD, RUNNING, config())


def test_silent_where_the_stream_comes() -> None:
    answered = replace(SILENT, failure=None, status=200)
    assert not judge(CHECK, answered, STREAM, BUILD, RUNNING, config())


LATE = replace(
    SILENT,
    failure=None,
    status=200,
    took=4.0,
    headers=(("Content-Type", "text/event-stream; charset=utf-8"),),
)


def test_fires_on_a_stream_that_arrives_whole_and_late() -> None:
    """Issue 1712 of Langchain-Chatchat: the answer comes at once, not word by word."""
    (claim,) = judge(CHECK, LATE, STREAM, BUILD, RUNNING, config())
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["seconds"] == 4.0


def test_silent_on_a_stream_in_time_unbuffered_or_of_another_kind() -> None:
    off = config(SITE.replace("proxy_set_header", "proxy_buffering off; proxy_set_header"))
    assert not judge(CHECK, LATE, STREAM, BUILD, RUNNING, off)
    assert not judge(CHECK, replace(LATE, took=0.2), STREAM, BUILD, RUNNING, config())
    page = replace(LATE, headers=(("Content-Type", "text/html"),))
    assert not judge(CHECK, page, STREAM, BUILD, RUNNING, config())


ANSWERED = replace(SILENT, failure=None, status=200, headers=(("Content-Type", "text/html"),))


@pytest.mark.parametrize(
    "words",
    [
        "the streaming response never reaches the client",
        "等待AI回答完再一下输出全部内容，没有流式输出效果",
        "the answer comes all at once and not word by word",
        "chat replies appear in one block instead of streaming",
        "onmessage就一直等到接口结束一次性返回了所有事件",
        "events are delayed until the connection closes",
    ],
)
def test_fires_where_a_message_tells_of_the_stream(words: str) -> None:
    """Pull request 20872 of llama.cpp: the answer to a POST."""
    target = replace(SHOP, symptom=Symptom("other", words))
    (claim,) = judge(CHECK, ANSWERED, BUILD, RUNNING, config(), target=target)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    off = config(SITE.replace("proxy_set_header", "proxy_buffering off; proxy_set_header"))
    assert not judge(CHECK, ANSWERED, BUILD, RUNNING, off, target=target)
    told = replace(ANSWERED, headers=(("X-Accel-Buffering", "no"),))
    assert not judge(CHECK, told, BUILD, RUNNING, config(), target=target)


@pytest.mark.parametrize(
    "words",
    [
        "the message is never sent",
        "upstream sent no response",
        "stream error: the response was reset",
        "no stream found",
    ],
)
def test_silent_where_a_message_tells_of_something_else(words: str) -> None:
    target = replace(SHOP, symptom=Symptom("other", words))
    assert not judge(CHECK, ANSWERED, BUILD, RUNNING, config(), target=target)
