from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Failure, Severity, Symptom, Vantage
from diagnose.model.http import ResponseBody
from diagnose.model.logs import DownloadSize, LogLine
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import LOADED, RUNNING, config
from tests.support.page_errors import LOG_READ, RUN_BEGAN, logged, page

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
CLOSED = "upstream prematurely closed connection while reading upstream"
LINE = replace(logged(CLOSED), upstream="http://127.0.0.1:3000/")
BODY = ResponseBody(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=200,
    received=400,
    announced=900,
    end="cut",
    failure=Failure("closed", "closed"),
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CLOSED, "closed"),
        ("upstream timed out (110: Connection timed out) while reading upstream", "timeout"),
        ("readv() failed (104: Connection reset by peer) while reading upstream", "reset"),
        ("upstream sent invalid chunked response while reading upstream", "chunks"),
    ],
)
def test_fires_for_each_of_nginx_s_messages(text: str, kind: str) -> None:
    line = replace(LINE, text=text)
    (claim,) = judge(
        "upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, BODY, page(200)
    )
    assert claim.facts[kind]
    assert claim.facts["application"] == "127.0.0.1:3000"
    assert claim.confidence is Confidence.CERTAIN
    assert claim.location


FILE = replace(
    logged(CLOSED, when=RUN_BEGAN - 60, path="/files/big.zip"),
    upstream="http://127.0.0.1:3000/files/big.zip",
)


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        (replace(FILE, times=2), Severity.WARNING),
        (FILE, Severity.NOTE),
        (replace(FILE, times=9, request="GET /events HTTP/1.1"), Severity.NOTE),
    ],
    ids=["a file again and again", "once", "a stream of events"],
)
def test_fires_on_another_path(line: LogLine, severity: Severity) -> None:
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, page(200))
    assert claim.severity is severity
    assert claim.facts["url"] == f"https://shop.example.com{line.path}"
    told = replace(SHOP, symptom=Symptom("incomplete", "下载到一半中断"))
    (claim,) = judge(
        "upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, page(200), target=told
    )
    assert claim.severity is Severity.WARNING


def test_silent_on_another_path_of_this_run_or_of_a_websocket() -> None:
    asked = replace(page(200), url="https://shop.example.com/files/big.zip", purpose="logged")
    for line in (
        replace(FILE, when=RUN_BEGAN + 1),
        replace(FILE, times=9, request="GET /ws HTTP/1.1"),
        replace(FILE, when=LOADED - 60),
    ):
        assert not judge(
            "upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, page(200), asked
        )


def test_fires_when_nothing_of_the_response_came() -> None:
    failed = replace(page(200), status=None, failure=Failure("closed", "without an answer"))
    line = replace(LINE, text="upstream sent invalid chunked response while reading upstream")
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, failed)
    assert claim.facts["received"] == ""


def test_fires_less_surely_if_the_line_is_from_before_this_run() -> None:
    line = replace(LINE, when=LOADED + 5)
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, line, BODY)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_page_came_and_a_line_of_another_path_is_a_note() -> None:
    whole = replace(BODY, end="complete", failure=None)
    assert not judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, LINE, whole)
    other = replace(LINE, request="GET /other HTTP/1.1")
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, other, BODY)
    assert (claim.about.path, claim.severity) == ("/other", Severity.NOTE)


def test_fires_without_a_log_if_the_application_itself_cuts() -> None:
    own = replace(BODY, request="application", url="http://127.0.0.1:3000/", received=300)
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, LINE, own, BODY)
    assert claim.facts["asked"] == 300
    other = replace(LINE, text="another", host="blog.example.com")
    (claim,) = judge("upstream.response-cut", RUNNING, config(SITE), other, own, BODY)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["message"] == ""


STOPPED = replace(BODY, end="unread", failure=None)
OWN = replace(STOPPED, request="application", url="http://127.0.0.1:3000/", received=700)
PATIENT = SITE.replace("proxy_pass", "proxy_read_timeout 10s;\n        proxy_pass")
WAITED = replace(LINE, text="upstream timed out (110: Connection timed out) while reading upstream")


def test_an_application_that_announces_too_much_is_named_and_no_wait() -> None:
    """https://github.com/modoboa/modoboa/issues/458."""
    seen = (RUNNING, config(PATIENT), LOG_READ, replace(WAITED, when=LOADED + 5))
    for visitors in (STOPPED, BODY):
        (claim,) = judge("upstream.response-cut", *seen, visitors, OWN, OWN)
        assert (claim.facts["announced"], claim.facts["stops_at"]) == (900, 700)
        assert claim.facts["application"] == "127.0.0.1:3000"
        assert claim.confidence is Confidence.LIKELY
        assert not claim.facts["patience"]
        assert claim.fix
        assert not any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize(
    "own",
    [
        (OWN,),
        (OWN, replace(OWN, received=800)),
        (OWN, replace(OWN, end="complete")),
        (replace(OWN, received=0),) * 2,
        (replace(OWN, received=900),) * 2,
    ],
    ids=["asked once", "slow", "whole later", "nothing came", "all came"],
)
def test_a_slow_application_does_not_announce_too_much(own: tuple[ResponseBody, ...]) -> None:
    claims = judge("upstream.response-cut", RUNNING, config(SITE), LOG_READ, STOPPED, *own)
    assert not any(claim.facts["announced"] for claim in claims)


def test_silent_if_the_application_sends_all_of_it() -> None:
    own = replace(BODY, request="application", end="complete", failure=None)
    other = replace(LINE, text="another", host="blog.example.com")
    assert not judge("upstream.response-cut", RUNNING, config(SITE), other, own, BODY)


def test_fires_after_a_message_about_a_download_that_the_run_reads_whole() -> None:
    whole = replace(BODY, end="complete", received=900, failure=None)
    evidence = (RUNNING, config(SITE), LOG_READ, LINE, whole, page(200))
    asked = replace(SHOP, symptom=Symptom("incomplete", "curl: (18)"))
    (claim,) = judge("upstream.response-cut", *evidence, target=asked)
    assert claim.confidence is not Confidence.POSSIBLE
    other = replace(SHOP, symptom=Symptom("timeout", "slow"))
    assert not judge("upstream.response-cut", *evidence, target=other)
    assert not judge("upstream.response-cut", *evidence[:3], whole, page(200), target=asked)


TIMED_OUT = replace(
    LINE,
    text="upstream timed out (110: Connection timed out) while reading upstream",
    request="GET /events HTTP/1.1",
)


def test_a_wait_that_somebody_shortened_ends_a_stream() -> None:
    text = SITE.replace("proxy_pass", "proxy_read_timeout 3s;\n        proxy_pass")
    (claim,) = judge("upstream.response-cut", RUNNING, config(text), LOG_READ, TIMED_OUT, page(200))
    assert claim.severity is Severity.WARNING
    assert (claim.facts["patience"], claim.facts["set"]) == ("3", "proxy_read_timeout 3s")
    assert claim.fix
    assert "+        proxy_read_timeout 3600s;" in str(claim.fix.steps[0])


def test_the_default_wait_is_a_note_without_a_message() -> None:
    observations = (RUNNING, config(SITE), LOG_READ, TIMED_OUT, page(200))
    (claim,) = judge("upstream.response-cut", *observations)
    assert claim.severity is Severity.NOTE
    told = replace(SHOP, symptom=symptom_of("EventSource disconnects after 60 seconds"))
    (claim,) = judge("upstream.response-cut", *observations, target=told)
    assert claim.severity is Severity.WARNING
    other = replace(SHOP, symptom=symptom_of("EventSource gets nothing, events arrive all at once"))
    (claim,) = judge("upstream.response-cut", *observations, target=other)
    assert claim.severity is Severity.NOTE


@pytest.mark.parametrize(
    "text",
    [
        "any file above 1.0 GB stops",
        "file transfers stop at 1.1 GB",
        "下载到1G就断",
        "ends at 1024 MB",
    ],
)
def test_a_temporary_file_that_is_full_is_not_the_applications_fault(text: str) -> None:
    told = replace(SHOP, symptom=Symptom("incomplete", text))
    seen = (RUNNING, LOG_READ, FILE, page(200))
    (claim,) = judge("upstream.response-cut", *seen, config(SITE), target=told)
    assert claim.facts["full"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_max_temp_file_size 0;" in edit.diff
    for line in ("proxy_max_temp_file_size 0", "proxy_buffering off"):
        other = config(SITE.replace("proxy_pass", f"{line};\n        proxy_pass"))
        (claim,) = judge("upstream.response-cut", *seen, other, target=told)
        assert not claim.facts["full"]


@pytest.mark.parametrize(
    "text", ["stops at 2.5 GB", "the 11 GB file is cut off", "stops at 1.9 GB"]
)
def test_another_size_is_not_that_of_the_temporary_file(text: str) -> None:
    told = replace(SHOP, symptom=Symptom("incomplete", text))
    seen = (RUNNING, LOG_READ, FILE, page(200), config(SITE))
    (claim,) = judge("upstream.response-cut", *seen, target=told)
    assert not claim.facts["full"]


def test_the_access_log_has_the_size_without_a_message() -> None:
    size = DownloadSize(
        vantage=Vantage.SERVER,
        file="/var/log/nginx/access.log",
        path=FILE.path,
        sent=1_081_587_242,
        written="12:00:00",
    )
    seen = (RUNNING, LOG_READ, FILE, page(200))
    (claim,) = judge("upstream.response-cut", *seen, size, config(SITE))
    assert claim.facts["full"]
    assert claim.facts["sent"] == 1_081_587_242
    assert claim.severity is Severity.WARNING
    assert size in claim.because
    for other in (replace(size, path="/other.zip"), replace(size, server="apache")):
        (claim,) = judge("upstream.response-cut", *seen, other, config(SITE))
        assert not claim.facts["full"]
    limited = config(SITE.replace("proxy_pass", "proxy_max_temp_file_size 0;\n        proxy_pass"))
    (claim,) = judge("upstream.response-cut", *seen, size, limited)
    assert not claim.facts["full"]


def test_silent_on_a_size_without_a_line_of_the_error_log() -> None:
    size = DownloadSize(
        vantage=Vantage.SERVER, file="/a.log", path="/big.zip", sent=1_081_587_242, written="12:00"
    )
    assert not judge("upstream.response-cut", RUNNING, LOG_READ, page(200), size, config(SITE))
