from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.program_failures import program_failures, with_program_failures
from tests.parsers.test_failed_requests import NAMES, line

PATH = "/api/orders/7"


def sent(status: int, method: str = "GET", path: str = PATH, agent: str = "okhttp/4") -> AccessLine:
    return line(status, path, method, 100.0, agent=agent)


def failures(*lines: AccessLine) -> tuple[FailedRequests, ...]:
    return program_failures(lines, "/a.log", NAMES, False, 50.0)


def test_a_program_that_gets_the_path_may_not_change_it() -> None:
    (failure,) = failures(sent(200), *[sent(403, "PATCH")] * 3)
    assert (failure.method, failure.status, failure.times) == ("PATCH", 403, 3)
    assert failure.is_served_otherwise
    assert not failure.is_from_page


def test_another_path_of_the_folder_is_enough() -> None:
    assert failures(sent(200, path="/api/orders"), *[sent(405, "DELETE")] * 3)
    assert failures(sent(200, path="/api/orders/8"), *[sent(405, "DELETE")] * 3)
    assert not failures(sent(200, path="/"), *[sent(405, "DELETE")] * 3)


def test_silent_for_strangers_and_accidents() -> None:
    refused = [sent(405, "PUT")] * 3
    assert not failures(*refused)
    assert not failures(sent(200, agent="curl/8"), *refused)
    assert not failures(sent(200), *refused[:2])
    assert not failures(sent(200), *refused, sent(204, "PUT"))
    for path in ("/", "/upload", "/api/shell.jsp"):
        assert not failures(sent(200, path=path), *[sent(405, "PUT", path)] * 3)


def test_a_form_that_is_refused_is_none() -> None:
    assert not failures(sent(200), *[sent(403, "POST")] * 3)


def test_each_failure_is_kept_once() -> None:
    (found,) = failures(sent(200), *[sent(403, "PATCH")] * 3)
    assert with_program_failures((found,), (found,)) == (found,)
    assert with_program_failures((), (found,)) == (found,)
