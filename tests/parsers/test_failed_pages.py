"""Pages with status 200 that say that the site failed; more of them in
tests/checks/http/test_error_as_page.py.
"""

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
