"""What PHP writes above a page, and into nginx's log."""

import pytest

from diagnose.parsers.php_warnings import logged_warning, page_warning, wider_basedir

REQUIRE = (
    "<br />\n<b>Warning</b>:  require(): open_basedir restriction in effect. File(/www/a/v/x.php) "
    "is not within the allowed path(s): (/www/a/public/:/tmp/) in <b>/www/a/public/index.php</b> "
    "on line <b>34</b><br />\n<br />\n<b>Fatal error</b>:  require(): Failed opening required "
    "'/www/a/v/x.php' in <b>/www/a/public/index.php</b> on line <b>34</b><br />\n"
)
NOTICE = (
    "<br />\n<b>Deprecated</b>:  Old in <b>/srv/a.php</b> on line <b>2</b><br />\n"
    "<br />\n<b>Warning</b>:  session_start(): Session cannot be started after headers have "
    "already been sent (output started at /srv/a.php:2) in <b>/srv/b.php</b> on line <b>3</b>"
    "<br />\n"
)
OPEN = "session_start(): open(/var/lib/php/session/sess_8d, O_RDWR) failed: Permission denied (13)"


def test_the_first_message_is_the_cause_of_the_fatal_one() -> None:
    warning = page_warning(REQUIRE)
    assert warning is not None
    assert (warning.warning, warning.file) == ("basedir", "/www/a/v/x.php")
    assert (warning.script, warning.line) == ("/www/a/public/index.php", "34")


def test_a_notice_that_was_sent_before_a_cookie() -> None:
    warning = page_warning(NOTICE)
    assert warning is not None
    assert (warning.warning, warning.file) == ("headers", "/srv/a.php:2")


@pytest.mark.parametrize(
    "body",
    [
        f"<br />\n<b>Warning</b>:  {OPEN} in <b>/srv/a.php</b> on line <b>3</b><br />\n<p>Shop",
        f"\nWarning: {OPEN} in /srv/a.php on line 3\n<!doctype html>",
        "<br />\n<b>Warning</b>:  session_start(): Failed to read session data: files (path: "
        "/var/lib/php/session) in <b>/srv/a.php</b> on line <b>3</b><br />\n",
    ],
)
def test_a_session_that_cannot_be_opened(body: str) -> None:
    warning = page_warning(body)
    assert warning is not None
    assert (warning.warning, warning.folder) == ("session", "/var/lib/php/session")


@pytest.mark.parametrize(
    "body",
    [
        f"<!doctype html><pre>Warning: {OPEN} in /srv/a.php on line 3</pre>",
        "<br />\n<b>Notice</b>:  Undefined index in <b>/srv/a.php</b> on line <b>3</b><br />\n",
        "<br />\n<b>Warning</b>: do not touch",
        "",
    ],
)
def test_a_page_about_warnings_and_notices_alone(body: str) -> None:
    assert page_warning(body) is None


def test_the_log_of_nginx() -> None:
    head = 'FastCGI sent in stderr: "PHP message: PHP '
    warning = logged_warning(f'{head}Warning:  {OPEN} in /srv/a.php on line 3" while reading')
    assert warning is not None
    assert (warning.warning, warning.errno, warning.line) == ("session", 13, "3")
    cleaning = "session_start(): ps_files_cleanup_dir: opendir(/var/lib/php/sessions) failed: "
    assert (
        logged_warning(f"{head}Notice:  {cleaning}Permission denied (13) in /a on line 3") is None
    )
    assert logged_warning(f"{head}Warning:  Undefined variable $a in /srv/a on line 3") is None


@pytest.mark.parametrize(
    ("allowed", "file", "wider"),
    [
        ("/www/shop/public/:/tmp/", "/www/shop/vendor/a.php", "/www/shop/:/tmp/"),
        ("/www/shop/:/tmp/", "/usr/share/php/a.php", "/www/shop/:/tmp/:/usr/share/php/"),
        ("/var/www/html:/tmp", "/var/www/lib/a.php", "/var/www/html:/tmp:/var/www/lib/"),
        ("/var/www/html:/tmp", "/etc/passwd", ""),
        ("/www/shop/:/tmp/", "a.php", ""),
        ("/www/shop/;x", "/www/b/a.php", ""),
    ],
)
def test_the_value_that_allows_the_file_and_little_more(
    allowed: str, file: str, wider: str
) -> None:
    assert wider_basedir(allowed, file) == wider
