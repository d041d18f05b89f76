"""By which directive nginx answers. What is expected is what nginx 1.26 does with these lines."""

import pytest

from diagnose.parsers.nginx.answers import Answer, answer_of
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import servers

PASS = "proxy_pass http://127.0.0.1:3000;"


def answer(lines: str, path: str) -> Answer | None:
    text = f"http {{ server {{ listen 443 ssl; root /srv; {lines} }} }}"
    return answer_of(next(iter(servers(parse(text, "nginx.conf")))), path)


@pytest.mark.parametrize(
    ("lines", "path", "block", "directive"),
    [
        (f"return 301 https://a.example$request_uri; location / {{ {PASS} }}", "/x",
         "server", "return 301 https://a.example$request_uri"),
        (f"rewrite ^/old/(.*)$ /new/$1 permanent; location / {{ {PASS} }}", "/old/z",
         "server", "rewrite ^/old/(.*)$ /new/$1 permanent"),
        (f"location / {{ rewrite ^/m/(.*)$ https://a.example/$1; {PASS} }}", "/m/x",
         "location /", "rewrite ^/m/(.*)$ https://a.example/$1"),
        (f"location / {{ deny all; {PASS} }}", "/x", "location /", "deny all"),
        (f"if ($scheme = http) {{ return 301 /; }} location / {{ {PASS} }}", "/x",
         "location /", "proxy_pass http://127.0.0.1:3000"),
        (f"location / {{ if ($request_method = OPTIONS) {{ return 204; }} {PASS} }}", "/x",
         "location /", "proxy_pass http://127.0.0.1:3000"),
        (f"location / {{ try_files $uri @app; }} location @app {{ {PASS} }}", "/x",
         "location @app", "proxy_pass http://127.0.0.1:3000"),
        (f"location / {{ error_page 404 /e; return 404; {PASS} }}", "/x", "location /",
         "return 404"),
        (f"location /o/ {{ return 403; location /o/in/ {{ {PASS} }} }}", "/o/in/x",
         "location /o/in/", "proxy_pass http://127.0.0.1:3000"),
    ],
)  # fmt: skip
def test_which_line_answers(lines: str, path: str, block: str, directive: str) -> None:
    result = answer(lines, path)
    assert result is not None
    assert result.directive is not None
    written = result.location.block
    assert written.text == block
    assert result.directive.text == directive
    assert result.passes == (result.directive.name == "proxy_pass")


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        (f"if ($host = a.example) {{ return 403; }} location / {{ {PASS} }}", "/x"),
        (f"location / {{ if ($http_user_agent ~ curl) {{ return 444; }} {PASS} }}", "/x"),
        (f"location / {{ if ($arg_b) {{ proxy_pass http://127.0.0.1:4000; }} {PASS} }}", "/x"),
        (f"location / {{ if (!-f $request_filename) {{ {PASS} break; }} }}", "/app.js"),
        (f"location / {{ try_files $uri @app; }} location @app {{ {PASS} }}", "/app.js"),
        (f"location / {{ try_files $uri $uri/ @app; }} location @app {{ {PASS} }}", "/"),
        (f"location / {{ try_files /down.html @app; }} location @app {{ {PASS} }}", "/x"),
        (f"location / {{ try_files $uri =404; {PASS} }}", "/x"),
        (f"location /a/ {{ rewrite ^/a/(.*)$ /b/$1 last; {PASS} }} location /b/ {{ }}", "/a/x"),
        (f"location / {{ auth_request /me; {PASS} }}", "/x"),
        (
            "set $b 127.0.0.1:1; if ($http_x) { set $b 127.0.0.1:2; } "
            "location / { proxy_pass http://$b; }",
            "/x",
        ),
        (f"location / {{ internal; {PASS} }}", "/x"),
        (f"location / {{ allow 192.0.2.1; deny all; {PASS} }}", "/x"),
        (f"location / {{ satisfy any; deny all; auth_basic a; {PASS} }}", "/x"),
        (f"location /p/ {{ {PASS} }}", "/p"),
        (f"location / {{ error_page 418 = @b; return 418; }} location @b {{ {PASS} }}", "/x"),
        ("index index.php index.html; location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }", "/a/"),
    ],
)
def test_nothing_is_told_where_another_answer_is_possible(lines: str, path: str) -> None:
    assert answer(lines, path) is None


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        ("location /p/ { proxy_pass http://127.0.0.1:3000/; }", "/p//x"),
        ("location /p/ { proxy_pass http://127.0.0.1:3000/; }", "/p/a%2Fb"),
        (f"location /a/ {{ rewrite ^/a/(.*)$ /b/$1?k=1 break; {PASS} }}", "/a/x"),
        (f"rewrite ^/old/(.*)$ /new/$1 last; location /new/ {{ {PASS} }}", "/old/z?q=1"),
        (f"location / {{ {PASS} proxy_method POST; }}", "/x"),
        (
            "set $h a; if ($http_x) { set $h b; } "
            f"location / {{ {PASS} proxy_set_header Host $h; }}",
            "/x",
        ),
    ],
)
def test_the_request_is_not_told_where_it_is_written_anew(lines: str, path: str) -> None:
    result = answer(lines, path)
    assert result is not None
    assert result.directive is not None
    assert not result.passes


def test_which_file_is_looked_for() -> None:
    for lines, path, file in (
        ("location /d/ { }", "/d/", "/srv/d/index.html"),
        ("location / { try_files $uri $uri/ /index.html; }", "/login", "/srv/index.html"),
        ("location / { try_files $uri =404; }", "/a.png", "/srv/a.png"),
        ("location / { empty_gif; }", "/a.gif", ""),
    ):
        result = answer(lines, path)
        assert result is not None
        assert result.file == file
