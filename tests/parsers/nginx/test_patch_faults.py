"""What nginx would refuse after an edit."""

import posixpath
from collections.abc import Mapping

import pytest

from diagnose.model import Vantage
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx.patch_faults import patch_faults
from diagnose.parsers.nginx.site_files import glob_matches

MAIN, SNIPPET = "/etc/nginx/nginx.conf", "/etc/nginx/snippets/proxy.conf"
SITE = """\
http {
  server {
    listen 443 ssl;
    location / { proxy_pass http://127.0.0.1:3000; }
  }
}
"""


def written(files: Mapping[str, str]) -> NginxConfig:
    trees = {path: nginx_parser.parse(text, path) for path, text in files.items()}
    patterns = (
        pattern
        for tree in trees.values()
        for pattern in nginx_parser.includes(tree, posixpath.dirname(MAIN))
    )
    matches = {
        pattern: tuple(path for path in files if glob_matches(path, pattern))
        for pattern in patterns
    }
    return NginxConfig(
        vantage=Vantage.SERVER,
        path=MAIN,
        main=nginx_parser.expand(MAIN, trees, matches),
        files=tuple(ConfigFile(path, text) for path, text in files.items()),
    )


def faults(old: str, new: str, text: str = SITE) -> tuple[str, ...]:
    assert old in text
    return patch_faults(written({MAIN: text}), {MAIN: text.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("3000;", "3000", "proxy_pass is not terminated"),
        ("3000;", "3000; proxy_pass http://127.0.0.1:3001;", "proxy_pass is duplicate"),
        ("3000; }", "3000;", "http is not closed"),
        ("listen 443", "proxy_pass http://a; listen 443", "proxy_pass is not allowed in server"),
        ("listen 443", "listen 443; listen 443", "listen 443 is duplicate"),
        ("location / ", "location / { } location / ", "location / is duplicate"),
        ("location / ", "location ^~ / { } location / ", "location / is duplicate"),
        (
            "location / { proxy_pass http://127.0.0.1:3000;",
            "location ~ ^/a { proxy_pass http://127.0.0.1:3000/;",
            "proxy_pass has a path",
        ),
        (
            "3000;",
            "3000; proxy_set_header Host $host; proxy_set_header host a;",
            "proxy_set_header host is duplicate",
        ),
    ],
)
def test_a_fault_that_an_edit_brings_in(old: str, new: str, fault: str) -> None:
    assert fault in faults(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3000;", "3000/;"),
        ("3000;", "3000; proxy_http_version 1.1; add_header A b; add_header A c;"),
        ("listen 443 ssl;", "listen 443 ssl; listen 443 quic; listen [::]:443 ssl;"),
        ("location / ", "location /ws { return 204; } location / "),
        ("location / ", "location = / { } location ~ / { } location / "),
        ("location / ", "location ~* /A { } location ~* /a { } location / "),
        ("http {", "http { map $http_upgrade $connection_upgrade { default upgrade; '' close; }"),
        ("http {", "http { strange_directive_of_a_module on; strange_block { root a; root b; }"),
    ],
)
def test_nothing_is_refused(old: str, new: str) -> None:
    assert faults(old, new) == ()


def test_what_nginx_refuses_already_does_not_count() -> None:
    text = SITE.replace("3000;", "3000; proxy_pass http://127.0.0.1:3001;")
    assert faults("ssl;", "ssl; http2 on;", text) == ()


def test_a_directive_that_stands_in_the_block_through_another_file() -> None:
    site = SITE.replace("3000;", "3000; include snippets/*.conf;")
    config = written({MAIN: site, SNIPPET: "proxy_http_version 1.1;\n"})
    twice = site.replace("3000;", "3000; proxy_http_version 1.1;")
    assert patch_faults(config, {MAIN: twice}) == ("proxy_http_version is duplicate",)
    assert patch_faults(config, {MAIN: twice, SNIPPET: ""}) == ()
    added = {SNIPPET: "proxy_http_version 1.1;\nproxy_pass http://127.0.0.1:3001;\n"}
    assert patch_faults(config, added) == ("proxy_pass is duplicate",)
    assert patch_faults(config, {SNIPPET: "listen 80;\n"}) == ("listen is not allowed in location",)


def test_files_that_are_read_nowhere_or_include_themselves() -> None:
    config = written({MAIN: SITE, SNIPPET: "include snippets/*.conf;\nroot /a;\n"})
    assert patch_faults(config, {SNIPPET: "root /a; root /b;\n", "/etc/none": "a"}) == ()


@pytest.mark.parametrize(
    "lines",
    [
        r"location ~ \.a$ { } location ~ \.a$ { }",
        "location ~ ^/x { proxy_pass http://unix:/run/app.sock; }",
        "location /x { if ($arg_a) { proxy_pass http://unix:/run/app.sock; } }",
        "location @app { proxy_pass http://unix:/run/app.sock; }",
        "location /x { proxy_pass http://unix:/run/app.sock:/y/; }",
    ],
)
def test_what_nginx_takes_is_no_fault(lines: str) -> None:
    assert faults("listen 443 ssl;", f"listen 443 ssl; {lines}") == ()


def test_a_path_behind_a_socket_is_refused_in_an_expression() -> None:
    lines = "location ~ ^/x { proxy_pass http://unix:/run/app.sock:/y/; }"
    assert faults("listen 443 ssl;", f"listen 443 ssl; {lines}") == ("proxy_pass has a path",)
