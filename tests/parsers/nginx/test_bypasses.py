"""What takes a path away from the location that passes it on."""

import pytest

from diagnose.parsers.nginx.bypasses import bypass_of
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import servers

APP = "location /api/ { proxy_pass http://127.0.0.1:3000; }"
PASS = "proxy_pass http://127.0.0.1:3000;"
REWRITTEN = "location /api/ { rewrite ^/api/(.*)$ /$1"
NAMED = f"location / {{ try_files $uri @app; }} location @app {{ {PASS} }}"
PAGES = "location / { root /srv; }"
ACME = "location /.well-known/ { root /var/www; }"


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        (f"{APP} location ~ \\.js$ {{ root /srv; }}", "/api/a.js", ("regex", "location")),
        (f"{NAMED} location ~ \\.js$ {{ root /srv; }}", "/a.js", ("regex", "location")),
        (f"{NAMED} {ACME}", "/.well-known/matrix/client", ("longer", "location")),
        (NAMED, "/a.js", None),
        (f"{APP} {PAGES} rewrite ^ /index.html last;", "/api/a", ("rewrite", "rewrite")),
        (f"{APP} location ~ \\.js$ {{ root /srv; }}", "/api/a", None),
        (
            f"{APP} location ~ \\.js$ {{ proxy_pass http://b; }}",
            "/api/a.js",
            ("program", "location"),
        ),
        (f"{APP} location ~ \\.js$ {{ {PASS[:-1]}/v2/a.js; }}", "/api/a.js", None),
        (f"{NAMED} location ~ \\.js$ {{ proxy_pass http://b; }}", "/a.js", None),
        (f"location / {{ {PASS} }} location ~ \\.js$ {{ proxy_pass http://b; }}", "/a.js", None),
        (
            f"location /api/ {{ {PASS} location ~ js$ {{ proxy_pass http://b; }} }}",
            "/api/a.js",
            None,
        ),
        (f"{APP} location ~ \\.js$ {{ return 404; }}", "/api/a.js", None),
        (f"{APP} {PAGES} rewrite ^/old /index.html last;", "/api/a", None),
        (f"{APP} {PAGES} rewrite ^/api/a /api/b last;", "/api/a", None),
        (f"{APP} {PAGES} rewrite ^ https://b.example.com/ last;", "/api/a", None),
        (f"{APP} {PAGES} rewrite;", "/api/a", None),
        (f"{APP} {PAGES}", "/about", None),
        (f"{REWRITTEN} last; {PASS} }} {PAGES}", "/api/a", ("last", "rewrite")),
        (f"{REWRITTEN}; {PASS} }} {PAGES}", "/api/a", ("last", "rewrite")),
        (f"{REWRITTEN} break; {PASS} }} {PAGES}", "/api/a", None),
        (f"{REWRITTEN} redirect; {PASS} }} {PAGES}", "/api/a", None),
        (f"{REWRITTEN} last; {PASS} }} location / {{ {PASS} }}", "/api/a", None),
        (f"location / {{ try_files $uri $uri/ =404; {PASS} }}", "/a.js", ("files", "try_files")),
        (f"location / {{ try_files $uri @app; {PASS} }}", "/a.js", None),
        ("location / { try_files $uri =404; root /srv; }", "/a.js", None),
        (f"location / {{ {PASS} }} {ACME}", "/.well-known/matrix/client", ("longer", "location")),
        (f"location / {{ {PASS} }} {ACME}", "/", None),
        (
            f"location / {{ {PASS} }} location = /robots.txt {{ }}",
            "/robots.txt",
            ("longer", "location"),
        ),
        (f"location / {{ {PASS} }} location = /robots.txt {{ {PASS} }}", "/robots.txt", None),
        (f"location / {{ {PASS} }} location = /a {{ return 204; }}", "/a", None),
        (f"{PAGES} location = /robots.txt {{ }}", "/robots.txt", None),
        (f"{PAGES} {ACME}", "/.well-known/matrix/client", None),
        (f"location / {{ {PASS} }} location /old/ {{ return 404; }}", "/old/a", None),
        (f"location = / {{ {PASS} }}", "/app.js", ("exact", "location")),
        (f"location = /app {{ {PASS} }}", "/app/a.js", ("exact", "location")),
        (f"location = / {{ {PASS[:-1]}/; }}", "/app.js", ("exact", "location")),
        (f"location = / {{ {PASS[:-1]}/start; }}", "/app.js", None),
        (f"location = / {{ {PASS[:-1]}/$1; }}", "/app.js", ("exact", "location")),
        (f"location = / {{ {PASS[:-1]}$1; }}", "/app.js", ("exact", "location")),
        (f"location = / {{ {PASS[:-1]}/start$1; }}", "/app.js", None),
        (f"location = / {{ rewrite ^(.*)$ $1 break; {PASS[:-1]}/$1; }}", "/app.js", None),
        (f"location = /app {{ {PASS} }}", "/apple", None),
        (f"location = /api/ {{ {PASS} }} {PAGES}", "/api/users", ("exact", "location")),
        (f"location = /api {{ {PASS} }} {PAGES}", "/apis", None),
        (
            f"location = /api/ {{ {PASS} }} location / {{ return 404; }}",
            "/api/users",
            None,
        ),
        (
            f"location = /api/ {{ {PASS} }} location /api/v2/ {{ root /srv; }}",
            "/api/v2/a",
            None,
        ),
        (f"location = / {{ {PASS} }} {PAGES}", "/app.js", None),
        (f"location = / {{ {PASS} }} location ~ js$ {{ root /srv; }}", "/app.js", None),
        (f"location / {{ {PASS} }} location /a/ {{ try_files $uri @app; }}", "/a/b", None),
    ],
)
def test_bypasses(lines: str, path: str, expected: tuple[str, str] | None) -> None:
    (server,) = servers(parse(f"http {{ server {{ listen 443; {lines} }} }}", "/n.conf"))
    bypass = bypass_of(server, path)
    assert (bypass and (bypass.by, bypass.directive.name)) == expected


def test_the_path_that_the_application_would_get() -> None:
    text = f"http {{ server {{ listen 443; {REWRITTEN}?x=$2 last; {PASS} }} {PAGES} }} }}"
    (server,) = servers(parse(text, "/n.conf"))
    bypass = bypass_of(server, "/api/users/7")
    assert bypass
    assert bypass.path == "/users/7"
