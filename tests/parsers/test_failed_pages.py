"""Pages with status 200 that say that the site failed; more of them in
tests/checks/http/test_error_as_page.py.
"""

import pytest

from diagnose.parsers.failed_pages import failed_page


def test_the_words_are_on_one_line() -> None:
    failed = failed_page("<h1>\n  Error establishing\n  a database connection </h1>")
    assert failed is not None
    assert failed.words == "Error establishing a database connection"


def test_the_message_of_php_is_quoted_without_its_file() -> None:
    failed = failed_page("<b>Parse error</b>:  syntax error, unexpected '}' in <b>/a.php</b> on")
    assert failed is not None
    assert (failed.reason, failed.words) == ("script", "syntax error, unexpected '}'")


def test_a_long_text_that_begins_so_is_none() -> None:
    assert failed_page("Internal Server Error " + "is what this page explains. " * 20) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"error":"connect ECONNREFUSED 127.0.0.1:5432"}',  # Node
        '{"message":"getaddrinfo ENOTFOUND db"}',
        '{"error":{"message":"getaddrinfo EAI_AGAIN redis"}}',
        '{"error":"dial tcp 10.0.0.4:5432: connect: connection refused"}',  # Go
        '{"detail":"[Errno 111] Connection refused"}',  # Python
        '{"detail":"could not translate host name \\"db\\" to address"}',  # libpq
        '{"message":"SQLSTATE[HY000] [2002] Connection refused"}',  # PDO
    ],
)
def test_an_interface_that_says_that_its_own_connection_failed(body: str) -> None:
    failed = failed_page(body)
    assert failed is not None
    assert failed.reason == "error"


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"ok","message":"connected"}',
        '{"error":"not found"}',
        '{"message":"ECONNREFUSED is an errno of connect(2)"}',
        '{"error":["connect ECONNREFUSED 127.0.0.1:5432"]}',
        '{"articles":[{"title":"dial tcp 10.0.0.4:5432: connection refused"}]}',
        '["connect ECONNREFUSED"]',
        '{"error":',
    ],
)
def test_an_interface_that_answers(body: str) -> None:
    assert failed_page(body) is None


def test_an_interface_that_only_has_a_number() -> None:
    failed = failed_page('{"status":503,"message":"upstream is gone"}')
    assert failed is not None
    assert failed.only_number
    failed = failed_page('{"code":500,"msg":"connect ECONNREFUSED ::1:5432"}')
    assert failed is not None
    assert not failed.only_number
