from dataclasses import replace

import pytest

from diagnose.model import Failure, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import CHAT, TIMEOUT, judge, texts
from tests.support.nginx_evidence import HOST, LOADED, RUNNING, SITE, config, front
from tests.support.page_errors import LOG_READ, logged
from tests.support.upstream_evidence import compared


def home(status: int | None, failure: Failure | None = None, path: str = "/") -> Exchange:
    return Exchange(
        url=f"https://shop.example.com{path}",
        address="203.0.113.10",
        port=443,
        status=status,
        failure=failure,
    )


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        (500, "application"),
        (502, "gateway"),
        (504, "gateway"),
        (503, "unavailable"),
        (522, "cdn"),
    ],
)
def test_fires_and_says_on_which_side_it_broke(status: int, fact: str) -> None:
    (claim,) = judge("http.server-error", home(status))
    sides = ("application", "gateway", "unavailable", "cdn", "silent", "closed")
    assert [side for side in sides if claim.facts[side]] == [fact]


def test_fires_and_quotes_the_error_log_where_it_was_read() -> None:
    line = LogLine(
        file="/var/log/nginx/error.log",
        when=0.0,
        level="error",
        pid=8,
        text="upstream sent invalid header while reading response header from upstream",
        request="GET / HTTP/1.1",
        host="shop.example.com",
    )
    (claim,) = judge("http.server-error", home(502), line)
    assert claim.facts["log"] == line.text
    assert line in claim.because
    (claim,) = judge("http.server-error", home(502), replace(line, host="www.example.org"))
    assert not claim.facts["log"]


@pytest.mark.parametrize(
    ("equivalent", "command"),
    [
        ("tail -c 65536 /config/log/error.log", "tail -n 50 /config/log/error.log"),
        (
            "docker exec swag tail -c 65536 /config/log/error.log",
            "docker exec swag tail -n 50 /config/log/error.log",
        ),
    ],
)
def test_names_the_log_that_was_read(equivalent: str, command: str) -> None:
    log = ErrorLog(file="/config/log/error.log", until=0.0, equivalent=equivalent)
    (claim,) = judge("http.server-error", home(502), log)
    assert claim.facts["log_command"] == command
    assert any(f"`{command}`" in text for text in texts("http.server-error", claim))
    (claim,) = judge("http.server-error", home(502))
    assert claim.facts["log_command"] == ""
    assert any("/var/log/nginx/error.log" in text for text in texts("http.server-error", claim))


def test_fires_where_no_answer_comes() -> None:
    (claim,) = judge("http.server-error", replace(home(None, TIMEOUT), took=60.1))
    assert claim.facts["silent"]
    assert claim.severity is None
    (claim,) = judge("http.server-error", home(None, Failure("closed", "closed")))
    assert claim.facts["closed"]


def test_fires_as_a_note_where_nobody_waited_long_enough() -> None:
    page = replace(home(None, TIMEOUT), took=10.0)
    (claim,) = judge("http.server-error", page)
    assert (claim.severity, claim.facts["open"]) == (None, False)
    long = config(SITE.replace("proxy_pass", "proxy_read_timeout 100s; proxy_pass"))
    (claim,) = judge("http.server-error", page, HOST, RUNNING, long)
    assert claim.severity is Severity.NOTE
    assert (claim.facts["open"], claim.facts["limit"]) == (True, 100)
    assert claim.facts["wait"] == "diagnose --timeout 220 https://shop.example.com/"


def test_fires_as_a_note_whatever_the_log_says_of_an_older_configuration() -> None:
    """The limit was raised and nginx reloaded: the line is of before, and this run gave up."""
    page = replace(home(None, TIMEOUT), took=10.0)
    long = config(SITE.replace("proxy_pass", "proxy_read_timeout 100s; proxy_pass"))
    line = LogLine(
        file="/var/log/nginx/error.log", when=LOADED - 5, level="error", pid=8, errno=110,
        text="upstream timed out (110: Connection timed out) while reading response header",
        request="GET / HTTP/1.1", host="shop.example.com",
    )  # fmt: skip
    (claim,) = judge("http.server-error", page, HOST, RUNNING, long, line)
    assert (claim.severity, claim.facts["log"]) == (Severity.NOTE, "")
    now = replace(line, when=LOADED + 5)
    (claim,) = judge("http.server-error", page, HOST, RUNNING, long, now)
    assert (claim.severity, claim.facts["log"]) == (None, line.text)


def test_fires_without_the_words_of_a_request_before_this_run() -> None:
    """The application was mended and is slow: nginx waits for it longer than this run does."""
    page = replace(home(None, TIMEOUT), took=20.2)
    long = config(SITE.replace("proxy_pass", "proxy_read_timeout 600s; proxy_pass"))
    closed = "upstream prematurely closed connection while reading response header from upstream"
    earlier = replace(logged(closed), when=LOG_READ.until - LOG_READ.at - 30)
    (claim,) = judge("http.server-error", page, HOST, RUNNING, long, LOG_READ, earlier)
    assert (claim.severity, claim.facts["log"]) == (Severity.NOTE, "")
    assert claim.facts["open"]
    own = replace(earlier, when=LOG_READ.until)
    (claim,) = judge("http.server-error", page, HOST, RUNNING, long, LOG_READ, own)
    assert (claim.severity, claim.facts["log"]) == (None, closed)


def test_fires_also_for_websockets_that_are_answered_alike_and_for_no_others() -> None:
    sockets = [
        Upgrade(
            url=f"wss://shop.example.com{path}",
            path=path,
            address="203.0.113.10",
            port=443,
            status=status,
            fault="status",
        )
        for path, status in (("/ws", 502), ("/other", 404))
    ]
    (claim,) = judge("http.server-error", home(502), *sockets)
    assert [subject.path for subject in claim.covers if subject.path != "/"] == ["/ws"]


def test_silent_on_every_answer_that_is_one() -> None:
    assert not judge("http.server-error", *(home(status) for status in (200, 301, 401, 403, 404)))


def test_silent_where_a_websocket_is_asked_for_without_an_upgrade() -> None:
    assert not judge("http.server-error", home(500, path="/ws"), target=CHAT)
    assert judge("http.server-error", home(502, path="/ws"), target=CHAT)
    # Its server closes every other connection.
    assert not judge("http.server-error", home(502, path="/ws"), front(101), target=CHAT)
    assert judge("http.server-error", home(502, path="/ws"), front(502), target=CHAT)
    # One that opens at another path is none of this one.
    other = replace(front(101), variant="other-path")
    assert judge("http.server-error", home(502, path="/ws"), front(502), other, target=CHAT)


def test_fires_as_a_warning_where_it_is_answered_when_repeated() -> None:
    failed = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
    again = replace(failed, status=200, purpose="again")
    (claim,) = judge("http.server-error", failed, again)
    assert claim.severity is Severity.WARNING
    assert claim.facts["recovered"]


def test_fires_where_a_small_request_is_called_too_large() -> None:
    page = Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=400,
        body="<center>Request Header Or Cookie Too Large</center>",
    )
    (claim,) = judge("http.server-error", page)
    assert claim.facts["too_large"]
    assert not claim.facts["application"]
    assert not judge("http.server-error", replace(page, body="Bad Request"))


def test_fires_and_quotes_what_the_application_answers_directly() -> None:
    asked = compared(500, body="KeyError: 'DATABASE_URL'")
    (claim,) = judge("http.server-error", home(500), HOST, asked, masked=False)
    assert claim.facts["endpoint"] == "127.0.0.1:3000"
    assert claim.facts["words"] == "KeyError: 'DATABASE_URL'"
    (claim,) = judge("http.server-error", home(500), HOST, compared(200, body="fine"))
    assert not claim.facts["endpoint"]


def test_apaches_own_page_is_not_the_applications_failure() -> None:
    body = "<title>500 Internal Server Error</title><address>Apache/2.4 Server at shop</address>"
    (claim,) = judge("http.server-error", replace(home(500), body=body))
    assert claim.facts["own_page"]
    assert not claim.facts["application"]


def test_names_the_program_behind_and_its_log() -> None:
    log = "journalctl -u shop.service"
    line = ProgramLine(
        message="", weight=1, endpoint="3000", process="shop (python3)", equivalent=log
    )
    (claim,) = judge("http.server-error", home(500), HOST, line)
    assert (claim.facts["program"], claim.facts["program_log"]) == ("shop (python3)", log)


def test_fires_with_the_words_of_php_in_nginxs_log() -> None:
    line = LogLine(
        file="/var/log/nginx/error.log", when=0.0, level="error", pid=8,
        text='FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Exception: no" '
        "while reading response header from upstream",
        request="GET / HTTP/1.1", host="shop.example.com",
    )  # fmt: skip
    (claim,) = judge("http.server-error", home(500), line, masked=False)
    assert str(claim.facts["lead"]).startswith("Fatal error:  Uncaught Exception: no")


@pytest.mark.parametrize(
    ("body", "lead"),
    [
        ("Kibana server is not ready yet", "Kibana server is not ready yet"),
        ("<title>Server Error (500)</title><h1>Server Error (500)</h1>", ""),
        ("<html><center><h1>503</h1></center><hr><center>nginx</center></html>", ""),
        ("Internal Server Error", ""),
    ],
)
def test_fires_with_the_words_of_a_page_that_says_more_than_the_status(
    body: str, lead: str
) -> None:
    page = replace(home(503), body=body)
    (claim,) = judge("http.server-error", page, masked=False)
    assert claim.facts["lead"] == lead
