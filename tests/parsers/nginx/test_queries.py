"""Where the query of a request is lost."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.queries import LostQuery, lost_query

PHP = "location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }"


def lost(inner: str, path: str = "/list") -> LostQuery | None:
    main = parse(f"http {{ server {{ listen 443 ssl; {inner} }} }}", "/etc/nginx/nginx.conf")
    return lost_query(server_blocks.servers(main)[0], path)


@pytest.mark.parametrize(
    ("inner", "corrected"),
    [
        (
            f"location / {{ try_files $uri $uri/ /index.php; }} {PHP}",
            "try_files $uri $uri/ /index.php$is_args$args;",
        ),
        (
            f"location / {{ try_files $uri /index.php?q=$uri; }} {PHP}",
            "try_files $uri /index.php?q=$uri&$args;",
        ),
        (
            f"location ~ ^/(li.*)$ {{ try_files $uri /notes/index.php?note=$1; }} {PHP}",
            "try_files $uri /notes/index.php?note=$1&$args;",
        ),
        (
            f"location / {{ error_page 404 = /index.php; }} {PHP}",
            "error_page 404 = /index.php$is_args$args;",
        ),
        (
            "location / { try_files $uri /app; } location /app { proxy_pass http://[::1]:80; }",
            "try_files $uri /app$is_args$args;",
        ),
        (
            "location ~ ^/(.*)$ { proxy_pass http://127.0.0.1:3000/$1; }",
            "proxy_pass http://127.0.0.1:3000/$1$is_args$args;",
        ),
        (
            "location ~ ^/(?<rest>.*)$ { proxy_pass http://unix:/run/app.sock:/$rest; }",
            "proxy_pass http://unix:/run/app.sock:/$rest$is_args$args;",
        ),
        (
            "location / { proxy_pass http://$backend/app$uri; }",
            "proxy_pass http://$backend/app$uri$is_args$args;",
        ),
    ],
)
def test_says_where_and_writes_the_query(inner: str, corrected: str) -> None:
    found = lost(inner)
    assert found
    assert (found.corrected, found.glued) == (corrected, False)


@pytest.mark.parametrize(
    ("last", "corrected"),
    [
        ("/index.php$query_string", "/index.php?$query_string"),
        ("/index.php$args", "/index.php?$args"),
    ],
)
def test_a_query_without_its_question_mark(last: str, corrected: str) -> None:
    found = lost(f"location / {{ try_files $uri {last}; }} {PHP}")
    assert found
    assert (found.corrected, found.glued) == (f"try_files $uri {corrected};", True)


def test_a_folder_has_an_index_that_keeps_it() -> None:
    found = lost(f"location / {{ try_files $uri $uri/ /index.php; }} {PHP}", "/blog/")
    assert found
    assert found.may_be_folder


@pytest.mark.parametrize(
    "inner",
    [
        f"location / {{ try_files $uri /index.php?$args; }} {PHP}",
        f"location / {{ try_files $uri /index.php$is_args$args; }} {PHP}",
        f"location / {{ try_files $uri /index.php$request_uri; }} {PHP}",
        f"location / {{ try_files $uri /index.php?q=$uri&$args; }} {PHP}",
        f"location / {{ try_files $uri /index.php$own; }} {PHP}",
        f"location / {{ rewrite ^ /x last; try_files $uri /index.php; }} {PHP}",
        f"location / {{ try_files $uri =404; }} {PHP}",
        "location / { try_files $uri /index.html; }",
        "location / { try_files $uri @app; } location @app { proxy_pass http://127.0.0.1:3000; }",
        "location / { proxy_pass http://127.0.0.1:3000; }",
        "location / { proxy_pass http://127.0.0.1:3000/; }",
        "location / { proxy_pass http://$backend; }",
        "location / { proxy_pass http://127.0.0.1:3000$request_uri; }",
        "location / { proxy_pass http://127.0.0.1:3000/$own; }",
        "location ~ ^/(.*)$ { proxy_pass http://127.0.0.1:3000/$1$is_args$args; }",
        "location ~ ^/(.*)$ { proxy_pass http://127.0.0.1:3000/$1?$query_string; }",
    ],
)
def test_nothing_where_it_arrives_or_is_not_known(inner: str) -> None:
    assert lost(inner) is None


@pytest.mark.parametrize("path", ["/", "/photo.jpg"])
def test_nothing_for_what_is_a_file(path: str) -> None:
    assert lost(f"location / {{ try_files $uri $uri/ /index.php; }} {PHP}", path) is None


@pytest.mark.parametrize(
    ("inner", "corrected", "redirect"),
    [
        ("return 301 https://$host$uri;", "return 301 https://$host$request_uri;", True),
        ("return https://$host${uri};", "return https://$host$request_uri;", True),
        (
            "location ~ ^/(li.*)$ { return 302 /new/$1; }",
            "return 302 /new/$1$is_args$args;",
            True,
        ),
        ("rewrite ^ https://$host$uri? permanent;", "rewrite ^ https://$host$uri permanent;", True),
        (
            "rewrite ^/(?<rest>.*)$ /new/$rest? redirect;",
            "rewrite ^/(?<rest>.*)$ /new/$rest redirect;",
            True,
        ),
        (
            "location / { rewrite ^/(.*)$ /app/$1? break; proxy_pass http://127.0.0.1:3000; }",
            "rewrite ^/(.*)$ /app/$1 break;",
            False,
        ),
    ],
)
def test_a_redirect_or_a_rewrite_without_it(inner: str, corrected: str, redirect: bool) -> None:
    lost_query = lost(inner)
    assert lost_query
    assert (lost_query.corrected, lost_query.redirect) == (corrected, redirect)


@pytest.mark.parametrize(
    "inner",
    [
        "return 301 https://$host/;",
        "return 301 https://$host$request_uri;",
        "return 301 https://$host$uri$is_args$args;",
        "return 301 https://$host$uri?from=old;",
        "return 301 https://$host$own;",
        "return 200 $uri;",
        "return 404;",
        "return;",
        "rewrite;",
        "rewrite ^ https://$host/? permanent;",
        "rewrite ^ https://$host$request_uri? permanent;",
        "rewrite ^/(.*)$ https://$host/$1 permanent;",
        "rewrite ^/other/(.*)$ https://$host/$1? permanent;",
        "rewrite ^/(.*)$ /index.php?path=$1? last;",
        "rewrite ^/(.*)$ /app/$1? break;",
        "break; return 301 https://$host$uri;",
        "if ($host = a.example) { return 301 https://b.example/; } return 301 https://$host$uri;",
        "location /other { return 301 https://$host$uri; }",
    ],
)
def test_nothing_where_it_is_kept_or_dropped_on_purpose(inner: str) -> None:
    assert lost(inner) is None
