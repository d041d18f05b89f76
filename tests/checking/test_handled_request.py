"""How nginx handles a request, where no finding answers a message."""

from dataclasses import replace

import pytest

from diagnose.checking.handled_request import HandledRequest, handled_request
from diagnose.model import Observation, Vantage
from diagnose.model.web_servers import (
    ServerFile,
    SiteRoute,
    SiteSocket,
    WebServer,
    WebServerConfig,
    WebSite,
)
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import FILE, config, nginx_says

SERVER = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /var/www/shop;
    location /api/ {
        proxy_pass http://127.0.0.1:3000/;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
    location /plain { proxy_pass http://127.0.0.1:3000; }
    location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }
    location = /gone { return 410; }
    location /odd { rewrite ^/odd/(.*)$ /api/$1 last; }
    location ~ \\.js$ { try_files $uri /x.php?a=$uri; }
    location /pages { try_files $uri /api/; }
    location /if { if ($arg_x) { rewrite ^ /api/ last; } root /srv; }
}
"""


def handled(path: str, text: str = SERVER, *more: Observation) -> HandledRequest | None:
    return handled_request(evidence(config(text), *more, target=replace(SHOP, path=path)))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/x?y=1", ("location /api/", 6, "proxy_pass http://127.0.0.1:3000/",
            ("GET /x?y=1 HTTP/1.0", "Host: shop.example.com", "X-Forwarded-Proto: https"), "")),
        ("/plain", ("location /plain", 11, "proxy_pass http://127.0.0.1:3000",
            ("GET /plain HTTP/1.0", "Host: 127.0.0.1:3000"), "")),
        ("/odd/y", ("location /api/", 6, "proxy_pass http://127.0.0.1:3000/",
            ("GET /y HTTP/1.0", "Host: shop.example.com", "X-Forwarded-Proto: https"), "")),
        ("/x.php", ("location ~ \\.php$", 12, "fastcgi_pass unix:/run/php.sock", (), "")),
        ("/gone", ("location = /gone", 13, "return 410", (), "")),
        ("/pages/a", ("location /api/", 6, "proxy_pass http://127.0.0.1:3000/",
            ("GET / HTTP/1.0", "Host: shop.example.com", "X-Forwarded-Proto: https"), "")),
        ("/a.png", ("server", 2, "root /var/www/shop", (), "/var/www/shop/a.png")),
    ],
)  # fmt: skip
def test_what_nginx_does(path: str, expected: tuple[str, int, str, tuple[str, ...], str]) -> None:
    block, line, directive, request, file = expected
    assert handled(path) == HandledRequest(
        "nginx", block, f"{FILE}:{line}", directive, request, file
    )


def test_what_another_server_passes_on() -> None:
    route = SiteRoute(
        "/api", "http://127.0.0.1:3000/v1", host="127.0.0.1", port=3000, backend_path="/v1",
        file="/etc/apache2/shop.conf", line=9, keeps_host=False,
    )  # fmt: skip
    site = WebSite(("shop.example.com",), (SiteSocket(443),), routes=(route,))
    server = WebServer(vantage=Vantage.SERVER, product="apache", pid=7, ports=(443,))
    configuration = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="/etc/apache2/apache2.conf", sites=(site,)
    )
    target = replace(SHOP, path="/api/x?y=1")
    assert handled_request(evidence(server, configuration, target=target)) == HandledRequest(
        "Apache", "", "/etc/apache2/shop.conf:9", "http://127.0.0.1:3000/v1",
        ("GET /v1/x?y=1 HTTP/1.1", "Host: 127.0.0.1:3000"),
    )  # fmt: skip
    elsewhere = replace(server, ports=(8080,))
    assert handled_request(evidence(elsewhere, configuration, target=target)) is None


def test_nothing_is_told_of_a_file_with_a_fallback() -> None:
    assert handled("/js/a.js?v=1") is None


def test_nothing_is_told_of_a_rule_that_cannot_be_computed() -> None:
    assert handled("/if/x") is None


def test_nothing_is_told_where_two_blocks_answer() -> None:
    other = "server { listen 192.0.2.7:443 ssl; server_name shop.example.com; }"
    assert handled("/gone", SERVER + other) is None


def test_nothing_is_told_of_a_refused_configuration_or_without_nginx() -> None:
    refused = nginx_says('unexpected "}" in /etc/nginx/nginx.conf:3')
    assert handled("/gone", SERVER, refused) is None
    assert handled_request(evidence()) is None


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("ProxyPreserveHost On", True),
        ("RewriteRule ^/(.*)$ ws://127.0.0.1:3000/$1 [P,L]", True),
        ("RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]", False),
        ("RewriteRule ^/a/(.*)$ /b/$1 [PT]", False),
        ("AuthType Basic", False),
        ("rewrite /a/* /b{uri}", False),
        ("basic_auth /admin/* {", False),
        ("http-request set-path /b%[path]", False),
    ],
)
def test_nothing_is_told_of_a_site_whose_lines_change_requests(line: str, is_told: bool) -> None:
    route = SiteRoute("/", "http://127.0.0.1:3000/", host="127.0.0.1", port=3000)
    path = "/etc/apache2/shop.conf"
    site = WebSite(("shop.example.com",), (SiteSocket(443),), routes=(route,), file=path)
    server = WebServer(vantage=Vantage.SERVER, product="apache", pid=7, ports=(443,))
    configuration = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path=path, sites=(site,),
        files=(ServerFile(path, f"<VirtualHost *:443>\n    {line}\n</VirtualHost>\n"),),
    )  # fmt: skip
    target = replace(SHOP, path="/x")
    told = handled_request(evidence(server, configuration, target=target))
    assert (told is not None) is is_told
    doubled = replace(SHOP, path="/x//y")
    assert handled_request(evidence(server, configuration, target=doubled)) is None


def test_a_scheme_that_a_map_says_is_known_or_not_told() -> None:
    passing = "proxy_pass http://127.0.0.1:3000; proxy_set_header X-Forwarded-Proto {};"
    text = (
        "map $http_x_forwarded_proto $proto { default $http_x_forwarded_proto; '' $scheme; }\n"
        "server { listen 443 ssl; server_name shop.example.com; location / { %s } }\n"
    )
    told = handled("/x", text % passing.format("$proto"))
    assert told is not None
    assert told.request[2:] == ("X-Forwarded-Proto: https",)
    told = handled("/x", text.replace("$scheme", "$ssl_protocol") % passing.format("$proto"))
    assert told is not None
    assert told.request == ()
    # Of a visitor's own field nothing is left.
    told = handled("/x", text % passing.format("$http_x_forwarded_proto"))
    assert told is not None
    assert told.request == ("GET /x HTTP/1.0", "Host: 127.0.0.1:3000")
