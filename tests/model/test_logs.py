from dataclasses import replace

import pytest

from diagnose.model.logs import ErrorLog, LogLine
from tests.support.summaries import summary_text

LINE = LogLine(
    file="/var/log/nginx/error.log",
    when=1.0,
    level="error",
    pid=9,
    text="open() failed",
    request="GET /ws HTTP/1.1",
)


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        ("GET /ws HTTP/1.1", "/ws"),
        ("GET /ws", "/ws"),
        ("GET  HTTP/1.1", ""),
        ("\x16\x03\x01", ""),
        ("", ""),
    ],
)
def test_the_path_is_the_second_word_of_the_request(request_line: str, path: str) -> None:
    assert replace(LINE, request=request_line).path == path


def test_a_repeated_line_is_counted() -> None:
    assert summary_text(LINE) == ("/var/log/nginx/error.log [error]", "open() failed")
    assert summary_text(replace(LINE, times=3))[1] == "open() failed (3 times)"


def test_a_log_that_was_read_again_says_so() -> None:
    log = ErrorLog(file="/var/log/nginx/error.log", until=2.0)
    assert summary_text(log)[0] == "/var/log/nginx/error.log"
    assert summary_text(replace(log, again=True))[0] == "/var/log/nginx/error.log (again)"
