"""upstream.stream-buffered: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Failure,
    Observation,
    Severity,
    Symptom,
    Vantage,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import UpstreamTry
from diagnose.model.other_requests import OtherRequest
from diagnose.model.requests import Asked
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_evidence import loads

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


def test_fires_for_any_type_whose_body_began_and_does_not_end() -> None:
    tunnel = replace(STREAM, media_type="application/octet-stream", streams=True)
    (claim,) = judge(CHECK, SILENT, tunnel, BUILD, RUNNING, config())
    assert claim.facts["type"] == "application/octet-stream"
    whole = replace(tunnel, streams=False)
    assert not judge(CHECK, SILENT, whole, BUILD, RUNNING, config())


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


PHP = """    root /srv/shop;
    location / { try_files $uri /index.php?$args; }
    location ~ \\.php(/|$) {
        fastcgi_pass 127.0.0.1:9000;
    }
"""


def php_site(lines: str = "") -> str:
    before, _, rest = SITE.partition("location / {")
    own = PHP.replace("fastcgi_pass", f"{lines}fastcgi_pass")
    return before + own + rest.partition("}")[2]


@pytest.mark.parametrize("path", ["/index.php/core/update", "/events", "/events?from=1"])
def test_fires_on_a_late_stream_of_php(path: str) -> None:
    """Pull request 9924 of owncloud/core: FastCGI has buffers of its own."""
    shop = replace(SHOP, path=path)
    late = replace(LATE, url=shop.url)
    (claim,) = judge(CHECK, late, BUILD, RUNNING, config(php_site()), target=shop)
    assert claim.facts["application"] == "127.0.0.1:9000"
    assert "+        fastcgi_buffering off;" in str(claim.fix.steps[0].diff)  # type: ignore[union-attr]
    off = config(php_site("fastcgi_buffering off; "))
    assert not judge(CHECK, late, BUILD, RUNNING, off, target=shop)


def test_silent_on_a_stream_in_time_unbuffered_or_of_another_kind() -> None:
    off = config(SITE.replace("proxy_set_header", "proxy_buffering off; proxy_set_header"))
    assert not judge(CHECK, LATE, STREAM, BUILD, RUNNING, off)
    assert not judge(CHECK, replace(LATE, took=0.2), STREAM, BUILD, RUNNING, config())
    page = replace(LATE, headers=(("Content-Type", "text/html"),))
    assert not judge(CHECK, page, STREAM, BUILD, RUNNING, config())


def told(
    text: str = SITE, *observations: Observation, words: str = "chat answers come all at once"
) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("stream", words))
    shown = replace(SILENT, failure=None, status=200)
    return judge(
        CHECK, shown, BUILD, RUNNING, config(text), *observations, target=target, masked=False
    )


def test_fires_after_a_message_about_the_path_to_which_the_page_sends() -> None:
    page = loads(sent_paths=("/login", "/v1/chat/completions"))
    (claim,) = told(SITE, page)
    assert (claim.about.path, claim.severity) == ("/v1/chat/completions", Severity.WARNING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_after_a_message_about_the_page_itself_and_for_php() -> None:
    assert told()[0].about.path == "/"
    php = SITE.replace("proxy_pass http://", "fastcgi_pass ").replace(
        "proxy_set_header Host $host;", ""
    )
    (claim,) = told(php)
    assert claim.fix
    assert "fastcgi_buffering off;" in str(claim.fix.steps[0])


def test_silent_about_the_page_after_a_message_where_its_own_stream_is_not_buffered() -> None:
    opened = OtherRequest(path="/events", source="script", by_browser=True)
    apart = SITE.replace(
        "    location / {",
        "    location /events {\n        proxy_pass http://127.0.0.1:3000;\n"
        "        proxy_buffering off;\n    }\n    location / {",
        1,
    )
    assert not told(apart, opened)
    assert told(SITE, opened)[0].about.path == "/events"


def test_silent_after_a_message_about_the_seventh_tab() -> None:
    assert not told(words="SSE works in six tabs, and the seventh keeps loading")


def test_silent_after_a_message_where_nothing_is_buffered() -> None:
    assert not told(SITE.replace("proxy_set_header", "proxy_buffering off; proxy_set_header"))
    assert not told(SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;"))


def test_silent_where_the_program_itself_sends_nothing_before_its_first_event() -> None:
    asked = Asked(
        target="http://127.0.0.1:3000", path="/events", address="127.0.0.1", port=3000,
        took=3.0, failure=Failure("timeout", "timed out"),
    )  # fmt: skip
    assert not judge(CHECK, LATE, asked, BUILD, RUNNING, config())
    at_once = replace(asked, took=0.1, failure=None, status=200)
    assert judge(CHECK, LATE, at_once, BUILD, RUNNING, config())
