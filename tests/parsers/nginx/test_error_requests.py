"""Which paths count that visitors asked for and did not get, by nginx's error log."""

import pytest

from diagnose.model import Vantage
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx.error_requests import failed_paths

HOST, SITE = "shop.example.com", "https://shop.example.com"
MISSING = 'open() "/srv/www/{}" failed (2: No such file or directory)'
DENIED = '"/srv/docs/index.html" is forbidden (13: Permission denied)'


def line(
    text: str, path: str, referrer: str = "", method: str = "GET", host: str = HOST, times: int = 1
) -> LogLine:
    return LogLine(
        vantage=Vantage.SERVER, file="/e.log", when=100.0, level="error", pid=7, text=text,
        client="198.51.100.7", request=f"{method} {path} HTTP/1.1", host=host, referrer=referrer,
        times=times,
    )  # fmt: skip


def failed(*lines: LogLine, named: str = "/docs/") -> list[tuple[str, int | None, bool, int]]:
    paths = failed_paths(lines, {HOST}, HOST, lambda path: path == named)
    assert all(path.is_fault for path in paths)
    return [(path.path, path.status, path.by_browser, path.times) for path in paths]


def test_what_a_page_asked_for_counts() -> None:
    script = line(MISSING.format("a.js"), "/app/a.js", f"{SITE}/app/")
    assert failed(script, script) == [("/app/a.js", 404, True, 2)]
    sheet = line(MISSING.format("a.css"), "/app/a.css", f"{SITE}/app/")
    assert failed(script, sheet, script) == [("/app/a.js", 404, True, 2)]


def test_what_the_configuration_names_and_nginx_may_not_read_counts() -> None:
    assert failed(line(DENIED, "/docs/")) == [("/docs/", 403, False, 1)]
    assert failed(line(DENIED, "/private/")) == []
    assert failed(line(MISSING.format("docs/"), "/docs/")) == []


@pytest.mark.parametrize(
    "log_line",
    [
        line(MISSING.format("wp-login.php"), "/wp-login.php"),
        line(MISSING.format("favicon.ico"), "/favicon.ico", f"{SITE}/"),
        line(MISSING.format(".env"), "/.env", f"{SITE}/"),
        line(MISSING.format("a.js"), "/a.js", "https://other.example/"),
        line(MISSING.format("a.js"), "/a.js", f"{SITE}/", host="other.example"),
        line(MISSING.format("a"), "/a", f"{SITE}/a"),
        line(MISSING.format("a"), "/a", f"{SITE}/", method="POST"),
        # of an earlier run of this program: nginx writes no User-Agent
        line(MISSING.format("diagnose-7f3a.js"), "/app/diagnose-7f3a.js", f"{SITE}/app/"),
        line("connect() failed (111: Connection refused)", "/api/users", f"{SITE}/"),
        line("access forbidden by rule", "/a", f"{SITE}/"),
        line('directory index of "/srv/www/a/" is forbidden', "/a/", f"{SITE}/"),
        line("client intended to send too large body: 3000 bytes", "/a", f"{SITE}/"),
    ],
)
def test_the_rest_does_not(log_line: LogLine) -> None:
    assert failed(log_line) == []
