"""The path that a message names beside a status."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.named_paths import failed_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("404 /chat/api/status", "/chat/api/status"),
        ("404: /api/users", "/api/users"),
        ("404 Not Found /static/app.js", "/static/app.js"),
        ("/api/users 404 (Not Found)", "/api/users"),
        ("/api/users?page=2 returns 502", "/api/users?page=2"),
        ("访问 /api/users 返回 404", "/api/users"),
        ("POST /api/users 404", ""),
        ("404 /a and 404 /b", ""),
        ("404, open() /var/www/html/a failed", ""),
        ("404 /etc/nginx/nginx.conf", ""),
        ("/api works but the page is 404", ""),
        ("502 Bad Gateway nginx/1.18.0", ""),
        ("429 /min and then it fails", ""),
        ("I pay 500 /month for this server", ""),
        ("404 /month/may", "/month/may"),
        ("404 - /admin/app.js", "/admin/app.js"),
        ("404 -> /api/users", "/api/users"),
        ("/api/users -> 502", "/api/users"),
        ("/api/users – 404", "/api/users"),
    ],
)
def test_failed_path(text: str, path: str) -> None:
    assert failed_path(text) == path


@pytest.mark.parametrize(
    ("message", "url", "number"),
    [
        ("404 /chat/api/status", "https://shop.example.com/chat/api/status", 404),
        ("500 /api", "https://shop.example.com/api", 500),
        ("404 - /admin/app.js", "https://shop.example.com/admin/app.js", 404),
        ("404 - https://shop.example.com/admin", "https://shop.example.com/admin", 404),
        ("/api/users -> 502", "https://shop.example.com/api/users", 502),
        ("502 - /", "https://shop.example.com/", 502),
        ("502 Bad Gateway nginx/1.18.0", "https://shop.example.com/", 502),
        ("/api/login 405 (Method Not Allowed)", "https://shop.example.com/", 405),
    ],
)
def test_a_status_before_a_path_is_a_message(message: str, url: str, number: int) -> None:
    (target,) = parse_targets(["shop.example.com", message], (), "en")
    assert target.url == url
    assert target.symptom is not None
    assert (target.symptom.kind, target.symptom.number) == ("status", number)


@pytest.mark.parametrize(
    ("message", "url"),
    [
        ("status /login", "https://shop.example.com/login"),
        ("check /etc/nginx", "https://shop.example.com/"),
        ("1 MB", "https://shop.example.com/"),
    ],
)
def test_few_words_with_a_blank_are_a_message(message: str, url: str) -> None:
    (target,) = parse_targets(["shop.example.com", message], (), "en")
    assert target.url == url
    assert target.symptom is not None
    assert (target.symptom.kind, target.symptom.text) == ("other", message)
