"""What other servers write for a line of nginx's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.server_words import (
    Product,
    does_itself,
    server_words,
    with_loading_commands,
)

APACHE = Product("apache", "apachectl -t && systemctl reload apache2")
CADDY = Product("caddy", "caddy reload --config /etc/caddy/Caddyfile")
HAPROXY = Product("haproxy", "haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy")


@pytest.mark.parametrize(
    ("text", "apache", "haproxy", "caddy"),
    [
        (
            "In nginx beside `proxy_pass`: `proxy_set_header X-Forwarded-Proto $scheme;`.",
            ("RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}",),
            ("http-request set-header X-Forwarded-Proto https if { ssl_fc }",),
            (),
        ),
        (
            "`proxy_set_header Host $host;`",
            ("ProxyPreserveHost On",),
            (),
            (),
        ),
        (
            '`proxy_set_header Accept-Encoding "";`',
            ("RequestHeader unset Accept-Encoding",),
            ("http-request del-header Accept-Encoding",),
            ("header_up -Accept-Encoding",),
        ),
        (
            "`add_header Content-Security-Policy upgrade-insecure-requests;`",
            ("Header always set Content-Security-Policy upgrade-insecure-requests",),
            ("http-response set-header Content-Security-Policy upgrade-insecure-requests",),
            ("header Content-Security-Policy upgrade-insecure-requests",),
        ),
        (
            "`proxy_hide_header X-Frame-Options;`",
            ("Header unset X-Frame-Options",),
            ("http-response del-header X-Frame-Options",),
            ("header_down -X-Frame-Options",),
        ),
        (
            "`return 301 https://$host$request_uri;`",
            ("RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]",),
            ("http-request redirect scheme https code 301 unless { ssl_fc }",),
            ("redir https://{host}{uri} permanent",),
        ),
        (
            "`location = /docs { return 301 /docs/$is_args$args; }`",
            ("RedirectMatch 301 ^/docs$ /docs/",),
            ("http-request redirect location /docs/ code 301 if { path /docs }",),
            ("redir /docs /docs/ permanent",),
        ),
        (
            "`location /api/ { proxy_pass http://127.0.0.1:3000; }`",
            (
                "ProxyPass /api/ http://127.0.0.1:3000/api/",
                "ProxyPassReverse /api/ http://127.0.0.1:3000/api/",
            ),
            ("use_backend app if { path_beg /api/ }", "server app 127.0.0.1:3000"),
            ("handle /api* {", "reverse_proxy 127.0.0.1:3000", "}"),
        ),
        (
            "`location ^~ /.well-known/acme-challenge/ { root /var/www/html; auth_basic off; }`",
            (
                "ProxyPass /.well-known/acme-challenge/ !",
                "Alias /.well-known/acme-challenge/ /var/www/html/.well-known/acme-challenge/",
            ),
            (),
            (
                "handle /.well-known/acme-challenge/* {",
                "root * /var/www/html",
                "file_server",
                "}",
            ),
        ),
        (
            "`ssl_protocols TLSv1.2 TLSv1.3;`",
            ("SSLProtocol -all +TLSv1.2 +TLSv1.3",),
            ("ssl-min-ver TLSv1.2",),
            ("tls {", "protocols tls1.2 tls1.3", "}"),
        ),
        (
            "`proxy_redirect http:// https://;`",
            ("Header edit Location ^http:// https://",),
            ("http-response replace-header Location ^http://(.*) https://\\1",),
            ("header_down Location ^http:// https://",),
        ),
        ("`charset utf-8;`", ("AddDefaultCharset utf-8",), (), ()),
        ("`add_header X $value;` and `proxy_pass`, run `curl -s return 301 x`", (), (), ()),
        ("proxy_set_header X-A b; without marks", (), (), ()),
        (
            "these lines:\n    proxy_set_header X-A b;\n    charset utf-8;",
            ("RequestHeader set X-A b", "AddDefaultCharset utf-8"),
            ("http-request set-header X-A b",),
            ("header_up X-A b",),
        ),
    ],
)
def test_the_words_of_each_server(
    text: str, apache: tuple[str, ...], haproxy: tuple[str, ...], caddy: tuple[str, ...]
) -> None:
    assert server_words(text, APACHE) == apache
    assert server_words(text, HAPROXY) == haproxy
    assert server_words(text, CADDY) == caddy


def test_a_line_with_two_statements() -> None:
    text = "`proxy_set_header X-A b; proxy_set_header X-B c;`"
    assert server_words(text, CADDY) == ("header_up X-A b", "header_up X-B c")


def test_the_commands_that_load() -> None:
    text = "Write it, run `nginx -t && nginx -s reload`. Then `nginx -t && systemctl reload nginx`."
    own = f"`{APACHE.load}`"
    assert with_loading_commands(text, APACHE) == f"Write it, run {own}. Then {own}."
    assert with_loading_commands("`systemctl reload nginx`", CADDY) == f"`{CADDY.load}`"


def test_the_log_of_the_server() -> None:
    product = Product("apache", "apachectl -t", "tail -n 50 /var/log/apache2/error.log")
    text = "Read it (`tail -n 50 /var/log/nginx/error.log`)."
    own = "Read it (`tail -n 50 /var/log/apache2/error.log`)."
    assert with_loading_commands(text, product) == own
    assert with_loading_commands(text, APACHE) == text


def test_what_a_server_does_itself() -> None:
    text = "In nginx: `proxy_set_header Host $http_host;`."
    assert does_itself(text, CADDY)
    assert does_itself(text, HAPROXY)
    assert not does_itself(text, APACHE)
    assert not does_itself("`proxy_set_header X-Real-IP $remote_addr;`", CADDY)


@given(st.text(alphabet="`location proxy_set_header{};/=^~$\"' \n12", max_size=300))
def test_total(text: str) -> None:
    for product in (APACHE, CADDY, HAPROXY, Product("traefik", "")):
        assert isinstance(server_words(text, product), tuple)
        assert isinstance(with_loading_commands(text, product), str)
