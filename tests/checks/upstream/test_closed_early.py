from dataclasses import replace

import pytest

from diagnose.model import Edit, Failure, Manual, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import UpstreamTry
from diagnose.model.program_logs import ProgramLine
from diagnose.model.steps import Command
from tests.support.check_evidence import CHAT, REFUSED, SHOP, TIMEOUT, judge
from tests.support.nginx_evidence import FILE, RUNNING, config, front
from tests.support.page_errors import LOG_READ, logged
from tests.support.upstream_evidence import logged as posted

CHECK = "upstream.closed-early"
PAGE = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=502)
HANGS_UP = UpstreamTry(
    target="http://127.0.0.1:3000",
    host="127.0.0.1",
    port=3000,
    address="127.0.0.1",
    failure=Failure("closed", "connection closed"),
    file=FILE,
    line=9,
    asked=True,
)
RESETS = replace(HANGS_UP, failure=Failure("reset", "Connection reset by peer", 104))


@pytest.mark.parametrize("tried", [HANGS_UP, RESETS], ids=["closed", "reset"])
def test_fires_when_the_application_hangs_up(tried: UpstreamTry) -> None:
    (claim,) = judge(CHECK, tried, PAGE, config())
    assert claim.facts["application"] == ("127.0.0.1:3000",)
    assert claim.location


@pytest.mark.parametrize("failure", [None, TIMEOUT, REFUSED], ids=["answers", "silent", "refuses"])
def test_silent_when_it_does_something_else(failure: Failure | None) -> None:
    assert not judge(CHECK, replace(HANGS_UP, failure=failure), PAGE, config())


def test_silent_where_the_websocket_that_is_asked_for_opens() -> None:
    tried, page = replace(HANGS_UP, path=CHAT.path), replace(PAGE, url=CHAT.url)
    assert judge(CHECK, tried, page, front(502), config(), target=CHAT)
    assert not judge(CHECK, tried, page, front(101), config(), target=CHAT)


def test_silent_where_the_websocket_opens_with_its_subprotocol() -> None:
    tried, page = replace(HANGS_UP, path=CHAT.path), replace(PAGE, url=CHAT.url)
    opened = replace(front(101), variant="subprotocol", offered=("mqtt",))
    assert not judge(CHECK, tried, page, front(502), opened, config(), target=CHAT)


def test_fires_on_a_connection_that_is_reset_at_once() -> None:
    at_once = replace(RESETS, asked=False, path=SHOP.path)
    assert judge(CHECK, at_once, PAGE, config())
    assert not judge(CHECK, at_once, replace(PAGE, status=200), config())


def test_fires_by_the_log_where_curl_gives_no_reason() -> None:
    no_reason = replace(RESETS, asked=False, failure=Failure("other", "Could not connect", 7))
    line = logged("recv() failed (104: Connection reset by peer) while reading response header")
    (claim,) = judge(CHECK, no_reason, PAGE, LOG_READ, line, RUNNING, config())
    assert "104" in str(claim.facts["message"])
    assert not judge(CHECK, no_reason, PAGE, config())


CLOSED = "upstream prematurely closed connection while reading response header from upstream"
RESET = "recv() failed (104: Connection reset by peer) while reading response header from upstream"
FAILED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/graphql", status=502,
    written="at 18:01", times=2,
)  # fmt: skip
SERVED = replace(PAGE, status=200)


@pytest.mark.parametrize("message", [CLOSED, RESET])
def test_fires_on_another_request_that_both_logs_have(message: str) -> None:
    line = posted(message, request="POST /graphql HTTP/1.1")
    (claim,) = judge(CHECK, SERVED, RUNNING, config(), FAILED, line)
    assert claim.severity is Severity.WARNING
    assert claim.about.path == "/graphql"
    assert claim.facts["request"] == "POST https://shop.example.com/graphql"


def test_fires_as_a_note_on_what_a_restart_may_have_ended() -> None:
    line = posted(CLOSED, request="POST /graphql HTTP/1.1")
    (claim,) = judge(CHECK, SERVED, RUNNING, config(), replace(FAILED, times=1), line)
    assert claim.severity is Severity.NOTE


def test_fires_on_the_page_that_was_asked_for_by_another_method() -> None:
    line = replace(logged(CLOSED), request="POST / HTTP/1.1", upstream="http://127.0.0.1:3000/")
    posted_page = replace(PAGE, method="POST")
    answers = replace(HANGS_UP, failure=None, status=200)
    (claim,) = judge(CHECK, posted_page, answers, LOG_READ, line, RUNNING, config())
    assert claim.severity is None
    assert claim.facts["request"] == "POST https://shop.example.com/"
    assert not judge(CHECK, PAGE, answers, LOG_READ, logged(CLOSED), RUNNING, config())


def test_fires_where_it_closes_later_than_it_was_waited_for_directly() -> None:
    """nginx writes "upstream timed out" where its own time is up: so the application ended it."""
    silent = replace(HANGS_UP, failure=TIMEOUT, took=3.1, path=SHOP.path)
    seen = (replace(PAGE, took=20.1), silent, LOG_READ, RUNNING, config())
    (claim,) = judge(CHECK, *seen, logged(CLOSED))
    assert (claim.facts["waited"], claim.facts["patience"]) == (20.1, 60)
    assert not judge("upstream.timeout", *seen, logged(CLOSED))
    late = logged("upstream timed out (110: Connection timed out) while reading response header")
    earlier = replace(logged(CLOSED), when=LOG_READ.until - LOG_READ.at - 30)
    for line in (late, earlier):
        assert not judge(CHECK, *seen, line)
        assert judge("upstream.timeout", *seen, line)


def test_fires_with_the_line_of_the_limit_that_ended_it() -> None:
    limit = ReadSetting(
        application="program", topic="timeout", key="server.setTimeout", values=("20",),
        file="/srv/shop/server.js", number=4, line="server.setTimeout(20 * 1000);",
        process="node", unit="shop.service",
    )  # fmt: skip
    silent = replace(HANGS_UP, failure=TIMEOUT, took=3.1, path=SHOP.path)
    seen = (replace(PAGE, took=20.1), silent, LOG_READ, RUNNING, config(), logged(CLOSED))
    (claim,) = judge(CHECK, *seen, limit)
    assert claim.fix is not None
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.endswith("-server.setTimeout(20 * 1000);\n+server.setTimeout(60 * 1000);\n")
    assert isinstance(restart, Command)
    # Two files that may have it are for a person.
    (claim,) = judge(CHECK, *seen, replace(limit, unsure=True))
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_on_a_request_that_only_one_log_has() -> None:
    line = posted(CLOSED, request="POST /other HTTP/1.1")
    assert not judge(CHECK, SERVED, RUNNING, config(), FAILED)
    assert not judge(CHECK, SERVED, RUNNING, config(), FAILED, line)
    assert not judge(CHECK, SERVED, RUNNING, config(), line)


def test_the_line_of_its_own_log_is_quoted() -> None:
    line = ProgramLine(message="panic: nil", weight=3, endpoint="3000", equivalent="journalctl")
    (claim,) = judge(CHECK, HANGS_UP, PAGE, line, config())
    assert (claim.facts["line"], claim.facts["log"]) == ("panic: nil", "journalctl")
    for other in (replace(line, endpoint="3001"), replace(line, weight=1)):
        (claim,) = judge(CHECK, HANGS_UP, PAGE, other, config())
        assert not claim.facts["line"]
