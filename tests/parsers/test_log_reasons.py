import pytest

from diagnose.parsers.log_reasons import log_reasons

HOST = "shop.example.com"


@pytest.mark.parametrize(
    ("line", "kind", "name"),
    [
        (
            "error: Host validation failed for: shop.example.com. Hint: Set the"
            " HOMEPAGE_ALLOWED_HOSTS environment variable to allow requests from this host.",
            "variable", "HOMEPAGE_ALLOWED_HOSTS",
        ),
        (
            "Refusing websocket connection from Origin 'https://shop.example.com'; use"
            " --allow-websocket-origin=shop.example.com to permit this",
            "option", "--allow-websocket-origin",
        ),
        (
            "Invalid HTTP_HOST header: 'shop.example.com'. You may need to add"
            " 'shop.example.com' to ALLOWED_HOSTS.",
            "list", "ALLOWED_HOSTS",
        ),
        (
            'Blocked request. This host ("shop.example.com") is not allowed. To allow this host,'
            ' add "shop.example.com" to `server.allowedHosts` in vite.config.js.',
            "list", "server.allowedHosts",
        ),
    ],
)  # fmt: skip
def test_settings_that_a_line_names(line: str, kind: str, name: str) -> None:
    (reason,) = log_reasons(line, HOST)
    assert (reason.kind, reason.name, reason.value) == (kind, name, HOST)
    assert not log_reasons(line.replace(HOST, "other.example"), HOST)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("Errno::EACCES (Permission denied @ dir_s_mkdir - /srv/live/a):", "/srv/live/a"),
        ("PermissionError: [Errno 13] Permission denied: '/srv/app/a b.png'", "/srv/app/a b.png"),
        ("open /data/gitea/log: permission denied", "/data/gitea/log"),
        (
            "PHP Warning:  file_put_contents(/srv/x/storage/a.log): failed to open stream:"
            " Permission denied in /srv/x/vendor/a.php on line 4",
            "/srv/x/storage/a.log",
        ),
    ],
)  # fmt: skip
def test_paths_that_are_denied(line: str, path: str) -> None:
    (reason,) = log_reasons(line, HOST)
    assert (reason.kind, reason.path) == ("denied", path)


@pytest.mark.parametrize(
    ("line", "host", "port"),
    [
        ("Error: connect ECONNREFUSED ::1:6379", "::1", 6379),
        ("dial tcp 127.0.0.1:3306: connect: connection refused", "127.0.0.1", 3306),
        (
            'connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
            "localhost", 5432,
        ),
        ("Error 111 connecting to localhost:6379. Connection refused.", "localhost", 6379),
    ],
)  # fmt: skip
def test_programs_that_are_not_reached(line: str, host: str, port: int) -> None:
    (reason,) = log_reasons(line, HOST)
    assert (reason.kind, reason.host, reason.port) == ("unreached", host, port)


def test_lines_that_say_no_reason() -> None:
    for line in (
        "GET /api/v1 200 shop.example.com",
        "Set the FOO_BAR environment variable to be faster",
        "shop.example.com is allowed; use --verbose to see more",
        "permission denied for user anna",
        "listening on shop.example.com, LOG_LEVEL environment variable is info",
    ):
        assert not log_reasons(line, HOST), line


def test_a_missing_file() -> None:
    (reason,) = log_reasons("ENOENT: no such file or directory, open '/srv/app/up/x'", HOST)
    assert (reason.kind, reason.path) == ("absent", "/srv/app/up/x")
