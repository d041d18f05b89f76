"""http.error-as-page: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence, Severity
from tests.support.check_evidence import judge
from tests.support.upstream_evidence import page

CHECK = "http.error-as-page"
WORDPRESS = (
    "<!DOCTYPE html><html><head><title>Database Error</title></head><body>"
    '<div class="wp-die-message"><h1>Error establishing a database connection</h1></div>'
)
FATAL = (
    "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to undefined function get_header() in "
    "/srv/www/index.php:3\nStack trace:\n#0 {main}\n  thrown in <b>/srv/www/index.php</b> on line "
    "<b>3</b><br />\n"
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (WORDPRESS, "database"),
        ("<h1>Error establishing a Redis connection</h1>", "database"),
        ("SQLSTATE[HY000] [2002] Connection refused", "database"),
        ("<title>数据库连接失败</title>", "database"),
        (FATAL, "script"),
        ("\nFatal error: Uncaught Error in /srv/a.php:3\nStack trace:", "script"),
        ('<div class="wp-die-message"><p>There has been a critical error on this website.</p>',
         "script"),
        ("<html><head><title>502 Bad Gateway</title></head>", "error"),
        ("<title>Server Error (500)</title>", "error"),
        ("Internal Server Error", "error"),
        ("<h1>Briefly unavailable for scheduled maintenance. Check back in a minute.</h1>",
         "maintenance"),
        ("<title>Site is under maintenance</title>", "maintenance"),
        ("<h1>We&rsquo;ll be back soon!</h1>", "maintenance"),
        ("<h1>网站维护中</h1>", "maintenance"),
    ],
)  # fmt: skip
def test_fires_on_a_page_that_says_so(body: str, reason: str) -> None:
    (claim,) = judge(CHECK, page(200, body))
    assert claim.facts[reason] is True
    assert claim.facts["words"]
    assert claim.confidence is Confidence.LIKELY
    assert (claim.severity is Severity.WARNING) is (reason == "maintenance")


@pytest.mark.parametrize(
    "body",
    [
        "<title>Shop</title><p>It works.</p>",
        "<title>How to fix: Error establishing a database connection</title><h1>How to</h1>",
        "<title>502 Bad Gateway: what it means - a blog</title>",
        "<h1>Maintenance plans for your car</h1>",
        "<title>Docs</title><pre>&lt;b&gt;Fatal error&lt;/b&gt;:  Uncaught Error in /a.php</pre>",
        '{"error": "Internal Server Error is what you asked about"}',
        "",
    ],
)
def test_silent_on_pages_about_errors_and_others(body: str) -> None:
    assert not judge(CHECK, page(200, body))


def test_silent_where_the_status_says_it_too() -> None:
    assert not judge(CHECK, page(500, WORDPRESS))


@pytest.mark.parametrize(
    "body",
    [
        '{"statusCode": 500, "error": "Internal Server Error", "message": "ECONNREFUSED"}',
        '{"code": "502", "msg": "\u7cfb\u7edf\u5f02\u5e38"}',
    ],
)
def test_fires_on_the_answer_of_an_interface(body: str) -> None:
    (claim,) = judge(CHECK, page(200, body), masked=False)
    assert claim.facts["error"]
    assert claim.severity is Severity.NOTE, "it may only refuse this request"


def test_fires_on_an_interface_whose_own_connection_failed() -> None:
    (claim,) = judge(CHECK, page(200, '{"code": 500, "message": "connect ECONNREFUSED ::1:5432"}'))
    assert claim.severity is None


@pytest.mark.parametrize(
    "body",
    [
        '{"code": 200, "message": "ok"}',
        '{"code": 5000, "message": "ok"}',
        '{"data": {"code": 500, "message": "x"}}',
        '{"code": 500}',
        '{"code": 500, "message": "cut',
    ],
)
def test_silent_on_other_answers_of_an_interface(body: str) -> None:
    assert not judge(CHECK, page(200, body))
