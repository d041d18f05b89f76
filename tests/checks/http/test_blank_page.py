"""http.blank-page: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Severity
from diagnose.model.http import Exchange, ResponseBody
from tests.support.check_evidence import CHAT, judge
from tests.support.upstream_evidence import page

CHECK = "http.blank-page"


def blank(*headers: tuple[str, str]) -> Exchange:
    return replace(page(200), headers=headers)


EMPTY = blank(("Content-Length", "0"), ("Content-Type", "text/html; charset=UTF-8"))
OF_PHP = replace(EMPTY, headers=(*EMPTY.headers, ("X-Powered-By", "PHP/8.2.7")))
CHUNKED = blank(("Content-Type", "text/html"), ("Set-Cookie", "PHPSESSID=abc; path=/"))
READ = ResponseBody(url=CHUNKED.url, address=CHUNKED.address, port=443, received=0)


def test_fires_where_php_writes_nothing() -> None:
    (claim,) = judge(CHECK, OF_PHP)
    assert claim.facts["php"]
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    (claim,) = judge(CHECK, CHUNKED, READ)
    assert claim.facts["php"]


def test_notes_another_empty_page() -> None:
    (claim,) = judge(CHECK, EMPTY)
    assert claim.severity is None
    assert not claim.facts["php"]


def test_notes_that_browsers_stay_where_they_are() -> None:
    (claim,) = judge(CHECK, page(204))
    assert claim.facts["stays"]
    assert not judge(CHECK, replace(page(204), method="POST"))


def test_silent_on_a_page_a_redirect_and_what_was_not_read() -> None:
    assert not judge(CHECK, page(200, "<p>Shop</p>"))
    assert not judge(CHECK, replace(OF_PHP, status=302))
    assert not judge(CHECK, replace(OF_PHP, method="HEAD"))
    assert not judge(CHECK, CHUNKED)
    assert not judge(CHECK, CHUNKED, replace(READ, end="unread"))


def test_silent_where_a_websocket_was_asked_for() -> None:
    assert not judge(CHECK, OF_PHP, target=CHAT)
