"""Where passes lead, by configurations as literals."""

import pytest

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server, servers
from diagnose.parsers.nginx.upstreams import ProxyTarget
from tests.support.check_evidence import SHOP


def site(text: str, around: str = "") -> tuple[tuple[Directive, ...], Server]:
    main = parse(f"http {{ {around} server {{ listen 443; {text} }} }}", "n.conf")
    return main, servers(main)[-1]


def leading(text: str, around: str = "") -> tuple[LocationMatch, ProxyTarget]:
    place = select_location(site(f"location / {{ {text} }}", around)[1], "/")
    found = upstreams.proxy_target_of(place, upstreams.request_variables(SHOP))
    assert found
    return place, found


@pytest.mark.parametrize(
    ("text", "scheme", "ends"),
    [
        ("proxy_pass http://127.0.0.1:3000;", "http", ["127.0.0.1:3000"]),
        ("proxy_pass https://app.internal/x;", "https", ["app.internal:443"]),
        ("proxy_pass http://[::1]:3000/;", "http", ["[::1]:3000"]),
        ("proxy_pass http://unix:/run/app.sock:/x/;", "http", ["unix:/run/app.sock"]),
        ("proxy_pass HTTP://app.internal:3000;", "http", ["app.internal:3000"]),
        ("proxy_pass http://app.internal:3000$request_uri;", "http", ["app.internal:3000"]),
        ("set $a app.internal; proxy_pass http://$a:3000;", "http", ["app.internal:3000"]),
        ("proxy_pass $scheme://$host;", "https", ["shop.example.com:443"]),
        ("fastcgi_pass unix:/run/php/php-fpm.sock;", "fastcgi", ["unix:/run/php/php-fpm.sock"]),
        ("fastcgi_pass 127.0.0.1:9000;", "fastcgi", ["127.0.0.1:9000"]),
        ("uwsgi_pass 127.0.0.1:3031;", "uwsgi", ["127.0.0.1:3031"]),
        ("uwsgi_pass suwsgi://127.0.0.1:3031;", "suwsgi", ["127.0.0.1:3031"]),
        ("grpc_pass 127.0.0.1:50051;", "grpc", ["127.0.0.1:50051"]),
        ("grpc_pass grpcs://app.internal;", "grpcs", ["app.internal:443"]),
        ("if ($a) { proxy_pass http://127.0.0.1:3000; }", "http", ["127.0.0.1:3000"]),
    ],
)
def test_where_a_pass_leads(text: str, scheme: str, ends: list[str]) -> None:
    _, found = leading(text)
    assert found.scheme == scheme
    assert [str(end) for end in found.endpoints] == ends


def test_a_group_is_its_servers_without_those_that_are_down() -> None:
    members = "server a:3000; server b:3000 down; server unix:/s; server c backup; server 1.2.3.4;"
    _, found = leading("proxy_pass https://App;", f"upstream app {{ {members} }}")
    assert found.group
    assert [str(end) for end in found.endpoints] == ["a:3000", "unix:/s", "c:80", "1.2.3.4:80"]
    assert [end.backup for end in found.endpoints] == [False, False, True, False]


@pytest.mark.parametrize(
    "text", ["proxy_pass http://$unknown;", "root /x;", "proxy_pass ftp//x;", "proxy_pass;"]
)
def test_what_cannot_be_known_leads_nowhere(text: str) -> None:
    place = select_location(site(f"location / {{ {text} }}")[1], "/")
    assert upstreams.proxy_target_of(place, {}) is None


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("location /a { proxy_pass http://x:1; }", "/a/b"),
        ("location /a { proxy_pass http://x:1/; }", "//b"),
        ("location /a/ { proxy_pass http://x:1/z/; }", "/z/b"),
        ("location /a { proxy_pass http://x:1$request_uri; }", "/"),
        ("location /a { set $x x; proxy_pass http://$x:1; }", "/a/b"),
    ],
)
def test_the_path_that_the_application_is_asked_for(location: str, path: str) -> None:
    place = select_location(site(location)[1], "/a/b")
    found = upstreams.proxy_target_of(place, upstreams.request_variables(SHOP))
    assert found
    assert upstreams.requested_path(place, found, "/a/b") == path


@pytest.mark.parametrize(
    "text",
    [
        r"location / { try_files $uri /index.php?$args; } location ~ \.php$ { fastcgi_pass x:1; }",
        r"location / { try_files $uri /index.php$is_args$args; } "
        r"location ~ \.php$ { fastcgi_pass x:1; }",
        r"location / { try_files $uri /index.php$uri; } location ~ \.php/ { fastcgi_pass x:1; }",
        r"index index.html index.php; location / { } location ~ \.php$ { fastcgi_pass x:1; }",
        "location / { try_files $uri @app; } location @app { proxy_pass http://x:1; }",
        "location / { proxy_pass http://x:1; }",
    ],
)
def test_where_a_path_lands(text: str) -> None:
    assert upstreams.pass_directive_of(final_location(site(text)[1], "/"))


def test_files_that_lead_to_each_other_end() -> None:
    text = "location / { try_files $uri /a; } location /a { try_files $uri /b; }"
    assert upstreams.pass_directive_of(final_location(site(text)[1], "/")) is None


@pytest.mark.parametrize(
    ("text", "around", "name"),
    [
        ("set $a app.internal; proxy_pass http://$a:3000;", "", "app.internal"),
        ("proxy_pass http://app.internal:3000$uri;", "", "app.internal"),
        ("set $a 127.0.0.1; proxy_pass http://$a:3000;", "", ""),
        ("set $a app; proxy_pass http://$a;", "upstream app { server x:1; }", ""),
        ("set $a x.y; proxy_pass http://$a:1;", "resolver 127.0.0.53;", ""),
        ("proxy_pass http://app.internal:3000;", "", ""),
        ("set $a unix:/s; proxy_pass http://$a;", "", ""),
        (
            "set $a x.y; proxy_pass http://$a;",
            "server { location / { proxy_pass http://x.y/z; } }",
            "",
        ),
        (
            "set $a x.y; proxy_pass http://$a:81;",
            "server { location / { proxy_pass http://x.y; } }",
            "x.y",
        ),
    ],
)
def test_a_name_that_has_to_be_resolved_and_cannot(text: str, around: str, name: str) -> None:
    main, server = site(f"location / {{ {text} }}", around)
    place = select_location(server, "/")
    found = upstreams.proxy_target_of(place, upstreams.request_variables(SHOP))
    assert found
    assert upstreams.unresolved_name(main, place, found) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("proxy_pass https://app.internal;", ""),
        ("proxy_pass https://app.internal:8443; proxy_ssl_server_name on;", "app.internal"),
        ("proxy_pass https://127.0.0.1; proxy_ssl_server_name on;", ""),
        ("proxy_pass https://g; proxy_ssl_server_name on; proxy_ssl_name $host;", SHOP.host),
        ("grpc_pass grpcs://app.internal; grpc_ssl_server_name on;", "app.internal"),
    ],
)
def test_the_name_that_nginx_sends(text: str, name: str) -> None:
    place, found = leading(text)
    assert upstreams.tls_server_name(place, found, upstreams.request_variables(SHOP)) == name


@pytest.mark.parametrize(
    ("location", "path", "bare"),
    [
        ("/chat-ws", "/chat-ws", "/"),
        ("/chat-ws", "/chat-ws/a", "/a"),
        ("/chat/", "/chat/a?b=1", "/a?b=1"),
        ("= /ws", "/ws", "/"),
        ("/chat", "/chat-ws", ""),
        ("/", "/ws", ""),
        ("~ ^/ws", "/ws", ""),
    ],
)
def test_the_path_without_the_prefix_of_its_location(location: str, path: str, bare: str) -> None:
    _, server = site(f"location {location} {{ proxy_pass http://127.0.0.1:1; }}")
    match = select_location(server, path.partition("?")[0])
    assert upstreams.bare_path(match, path) == bare
