from dataclasses import replace

import pytest

from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.refused_headers import refused_headers, with_refused_headers
from tests.parsers.test_failed_requests import NAMES, failed, line

PATH = "/phpmyadmin/server_sql.php"
#: The bytes of nginx's page with `server_tokens off`.
PLAIN = 226


def refused(sent: int | None = PLAIN, path: str = PATH, when: float = 100.0) -> AccessLine:
    return replace(line(400, path, when=when, agent="curl/8"), sent=sent)


def answer(*lines: AccessLine, path: str = PATH) -> tuple[FailedRequests, ...]:
    return refused_headers(lines, "/a.log", NAMES, False, 50.0, path)


@pytest.mark.parametrize("version", ["", "/1.9.3", "/1.26.3", "/1.27.10"])
def test_page_has_a_length_for_each_version(version: str) -> None:
    (failure,) = answer(refused(PLAIN + len(version)), line(200, PATH), refused(PLAIN))
    assert (failure.path, failure.status, failure.times) == (PATH, 400, 2)
    assert failure.is_large_header


@pytest.mark.parametrize(
    ("title", "version"),
    [
        ("Bad Request", 0),
        ("The plain HTTP request was sent to HTTPS port", 7),
        ("The SSL certificate error", 8),
        ("No required SSL certificate was sent", 0),
        ("No required SSL certificate was sent", 7),
    ],
)
def test_other_pages_of_nginx_are_of_other_lengths(title: str, version: int) -> None:
    own = "Request Header Or Cookie Too Large"
    length = PLAIN + version + 2 * (len(title) - len(own))
    assert not answer(refused(length), refused(length))


def test_silent_for_an_application_and_for_a_single_request() -> None:
    assert not answer(refused(None), refused(None))
    assert not answer(refused(1200), refused(1200))
    assert not answer(refused())
    assert not answer(refused(when=10.0), refused(when=20.0))


def test_other_pages_count_for_browsers_alone() -> None:
    assert not answer(refused(), refused(), path="/")
    browser = replace(refused(), agent="Mozilla/5.0")
    assert answer(browser, browser, path="/")


def test_each_failure_is_there_once() -> None:
    large = answer(refused(), refused())
    same, other = replace(large[0], is_large_header=False), failed(line(500, "/api"))
    assert with_refused_headers((same, *other), large) == (*large, *other)
