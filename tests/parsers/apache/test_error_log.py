import pytest

from diagnose.parsers.apache.error_log import RequestedSite, RequestError, last_request_error

NOW = "2026-11-26 08:07:20"
REQUESTED = RequestedSite({"/", "/ws"}, {"/var/www/shop"}, {"127.0.0.1:3000"})
HANDLER = (
    "[Thu Nov 26 08:07:18.014931 2026] [proxy:warn] [pid 190:tid 207] [client 198.51.100.10:35808]"
    " AH01144: No protocol handler was valid for the URL / (scheme 'http'). If you are using a DSO"
)
TLS = (
    "[Thu Nov 26 08:07:19.346690 2026] [core:error] [pid 337:tid 366] [remote 127.0.0.1:3000]"
    " AH01961:  failed to enable ssl support [Hint: if using mod_ssl, see SSLProxyEngine]\n"
    "[Thu Nov 26 08:07:19.346708 2026] [proxy:error] [pid 337:tid 366] AH00961: https: failed to"
    " enable ssl support for 127.0.0.1:3000 (127.0.0.1)"
)
SEARCH = (
    "[Thu Nov 26 08:07:19.276750 2026] [core:error] [pid 487:tid 494] (13)Permission denied:"
    " [client 198.51.100.10:37910] AH00035: access to / denied (filesystem path '/home/joe/site')"
    " because search permissions are missing on a component of the path"
)
READ = (
    "[Thu Nov 26 08:07:19 2026] [core:error] [pid 1] (13)Permission denied: [client ::1:5]"
    " AH00132: file permissions deny server access: /var/www/shop/index.html"
)
HTACCESS = (
    "[Thu Nov 26 08:07:19.004697 2026] [core:alert] [pid 635:tid 639] [client 198.51.100.10:38110]"
    " /var/www/shop/.htaccess: Invalid command 'ExpiresActive', perhaps misspelled"
)


@pytest.mark.parametrize(
    ("line", "reason", "scheme", "file"),
    [
        (HANDLER, "handler", "http", ""),
        (TLS, "backend-tls", "", ""),
        (SEARCH, "permission", "", "/home/joe/site"),
        (READ, "permission", "", "/var/www/shop/index.html"),
        (HTACCESS, "htaccess", "", "/var/www/shop/.htaccess"),
        (HTACCESS.replace("/shop/.", "/."), "htaccess", "", "/var/www/.htaccess"),
    ],
)
def test_the_reasons(line: str, reason: str, scheme: str, file: str) -> None:
    error = last_request_error(f"noise\n{line}\n", NOW, 10, REQUESTED)
    assert error
    assert (error.reason, error.scheme, error.file) == (reason, scheme, file)
    assert error.message
    assert "[client" not in error.message


@pytest.mark.parametrize(
    "line",
    [
        HANDLER.replace("URL / ", "URL /other "),
        HANDLER.replace("08:07:18", "08:05:18"),
        HANDLER.replace("08:07:18", "08:09:18"),
        HANDLER.replace("Nov 26", "Foo 26"),
        HANDLER.replace("Nov 26", "Nov 99"),
        TLS.replace(":3000", ":4000"),
        SEARCH.replace("access to / ", "access to /private "),
        READ.replace("/shop/", "/another/"),
        HTACCESS.replace("/shop/.", "/another/."),
        SEARCH.replace("AH00035: access", "AH01630: client denied by server configuration: access"),
        "",
    ],
)
def test_other_lines_are_about_something_else(line: str) -> None:
    assert last_request_error(line, NOW, 10, REQUESTED) is None


def test_the_newest_counts_and_any_text_is_read_in_time() -> None:
    error = last_request_error(f"{HANDLER}\n{HTACCESS}", NOW, 10, REQUESTED)
    assert error == RequestError(
        "htaccess",
        "Invalid command 'ExpiresActive', perhaps misspelled",
        file="/var/www/shop/.htaccess",
    )
    hostile = "[Thu Nov 26 08:07:18 2026] " + "[a] " * 20000 + "\n" + "[" * 100000
    assert last_request_error(hostile, NOW, 10, REQUESTED) is None
    assert last_request_error(HANDLER, "no date", 10, REQUESTED) is None
