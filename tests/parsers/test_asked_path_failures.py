import pytest

from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.asked_path_failures import asked_path_failures, with_asked_path
from tests.parsers.test_failed_requests import NAMES, failed, line

PATH = "/api/upload"


def asked(*lines: AccessLine, path: str = PATH) -> tuple[FailedRequests, ...]:
    return asked_path_failures(lines, "/a.log", NAMES, False, 50.0, path)


def sent(status: int, method: str = "POST", when: float = 100.0) -> AccessLine:
    return line(status, PATH, method, when, agent="curl/8")


@pytest.mark.parametrize("status", [408, 411, 413, 415, 500, 502, 504])
def test_two_that_failed_alike_and_none_that_came_through(status: int) -> None:
    (failure,) = asked(sent(status), sent(status, when=120.0))
    assert (failure.method, failure.status, failure.times) == ("POST", status, 2)
    assert failure.is_all


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422, 429, 501, 505])
def test_what_may_be_meant_is_none(status: int) -> None:
    assert not asked(sent(status), sent(status))


def test_silent_where_some_came_through_or_there_is_one_alone() -> None:
    assert not asked(sent(413))
    assert not asked(sent(201), sent(413), sent(413))
    assert not asked(sent(413), sent(413), sent(302))
    # Another method at the path is another request.
    assert asked(sent(413), sent(413), line(200, PATH))


def test_silent_for_other_paths_and_the_start_page() -> None:
    assert not asked(sent(413), sent(413), path="/api")
    assert not asked_path_failures([line(500, "/", "POST")] * 2, "/a.log", NAMES, False, 50.0, "/")


def test_a_failure_that_was_seen_otherwise_is_marked() -> None:
    lines = sent(413), sent(413)
    (both,) = with_asked_path(failed(*lines), asked(*lines))
    assert both.is_all
    (other,) = with_asked_path((), asked(*lines))
    assert other.path == PATH


@pytest.mark.parametrize("status", [414, 431, 494])
def test_requests_that_are_too_large_count_beside_those_that_came_through(status: int) -> None:
    lines = [line(code, PATH, agent="curl/8") for code in (200, status, status, 200)]
    (failure,) = asked(*lines)
    assert (failure.method, failure.status, failure.times) == ("GET", status, 2)
    assert not failure.is_all
    assert not asked(*lines[:2])
    assert not asked(*lines, path="/")
    assert not asked(*lines, path="/api")
