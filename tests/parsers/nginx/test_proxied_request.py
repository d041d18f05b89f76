"""nginx's whole request for a visitor's GET, and the requests that differ from it in one part."""

from dataclasses import replace

import pytest

from diagnose.model import Target
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import server_blocks, upstreams
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.proxied_request import (
    ProxiedRequest,
    RequestVariant,
    is_ignored_name,
    proxied_request,
    request_variants,
)
from tests.support.check_evidence import SHOP

VISITOR = {"User-Agent": "diagnose", "Accept": "*/*"}
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
Proxied = tuple[LocationMatch, upstreams.ProxyTarget]


def proxied(lines: str, location: str = "/", target: Target = SHOP) -> Proxied:
    text = f"http {{ {MAP} server {{ listen 443 ssl; location {location} {{ {lines} }} }} }}"
    main: tuple[Directive, ...] = parse(text, "/n.conf")
    match = select_location(server_blocks.servers(main)[0], target.path)
    proxy_target = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    assert proxy_target
    return match, proxy_target


def request(
    lines: str, location: str = "/", target: Target = SHOP, version: str = "1.1",
    visitor: dict[str, str] = VISITOR,
) -> ProxiedRequest:  # fmt: skip
    made = proxied_request(*proxied(lines, location, target), target, version, visitor)
    assert made
    return made


def variants(
    lines: str, status: int = 400, location: str = "/", target: Target = SHOP,
    version: str = "1.1", visitor: dict[str, str] = VISITOR,
) -> list[RequestVariant]:  # fmt: skip
    found = proxied(lines, location, target)
    made = proxied_request(*found, target, version, visitor)
    assert made
    return request_variants(made, *found, target, status, visitor)


def parts(variants: list[RequestVariant]) -> list[tuple[str, str, str]]:
    return [(variant.part, variant.name, variant.change) for variant in variants]


APP = "proxy_pass http://127.0.0.1:3000;"
BELOW = replace(SHOP, path="/app/page")


def test_by_default_nginx_sends_its_own_host_and_closes() -> None:
    assert request(APP, version="1.0").lines() == (
        "GET / HTTP/1.0", "Host: 127.0.0.1:3000", "Connection: close", "User-Agent: diagnose",
        "Accept: */*",
    )  # fmt: skip


def test_a_field_that_is_set_replaces_the_visitors_and_an_empty_one_drops_it() -> None:
    made = request(f'{APP} proxy_set_header Accept ""; proxy_set_header user-agent nginx;')
    assert made.field("Accept") is None
    assert [text for name, text in made.fields if name.lower() == "user-agent"] == ["nginx"]


@pytest.mark.parametrize(
    ("value", "connection"),
    [("upgrade", "upgrade"), ("$connection_upgrade", "close"), ('""', None)],
)
def test_connection_is_that_of_a_page(value: str, connection: str | None) -> None:
    made = request(
        f"{APP} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection {value};"
    )
    assert made.field("Connection") == connection
    assert made.field("Upgrade") is None


def test_a_connection_that_may_stay_open_asks_for_no_upgrade() -> None:
    made = variants(f'{APP} proxy_set_header Connection "Keep-Alive, close";')
    assert "Connection" not in [variant.name for variant in made]


def test_fields_of_unknown_value_and_of_the_framing_are_left_out() -> None:
    made = request(
        f"{APP} proxy_set_header X-A $unknown; proxy_set_header Transfer-Encoding chunked;"
    )
    assert made.field("X-A") is None
    assert made.field("Transfer-Encoding") is None


def test_a_line_break_in_a_value_never_reaches_the_request() -> None:
    made = request(f'{APP} proxy_set_header X-A "a\r\nX-B: b";')
    assert made.field("X-A") is None


def test_an_unknown_host_makes_no_request() -> None:
    lines = f"{APP} proxy_set_header Host $unknown;"
    assert proxied_request(*proxied(lines), SHOP, "1.1", VISITOR) is None


def test_a_plain_request_offers_only_the_scheme() -> None:
    assert parts(variants(APP)) == [("field", "X-Forwarded-Proto", "added")]
    assert not variants(f"{APP} proxy_set_header X-Forwarded-Proto $scheme;")


def test_localhost_is_tried_only_where_the_visitors_name_is_refused() -> None:
    lines = f"{APP} proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;"
    (variant,) = variants(lines, 400)
    assert (variant.name, variant.request.field("Host")) == ("Host", "localhost")
    assert not variants(lines, 403)
    assert not variants(lines, 404)


def test_an_upgrade_that_nobody_asked_for_comes_first() -> None:
    first = variants(f"{APP} proxy_set_header Connection Upgrade;", version="1.0")[0]
    assert (first.name, first.original, first.value) == ("Connection", "Upgrade", "close")
    assert first.request.field("Connection") == "close"


def test_each_variant_differs_in_one_part() -> None:
    lines = (
        "proxy_pass https://127.0.0.1:3000/; proxy_set_header Host $host;"
        "proxy_set_header Connection upgrade; proxy_set_header Upgrade websocket;"
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
        'proxy_set_header X-Forwarded-Host b.test; proxy_set_header Accept "";'
    )
    made = request(lines, "/app/", BELOW, "1.0")
    all_variants = variants(lines, 400, "/app/", BELOW, "1.0")
    assert {part for part, _, _ in parts(all_variants)} == {
        "field", "server-name", "path", "version",
    }  # fmt: skip
    for variant in all_variants:
        other = variant.request
        changes = (
            other.path != made.path,
            other.version != made.version,
            other.server_name != made.server_name,
            len({*other.fields} ^ {*made.fields}) > 0,
        )
        assert sum(changes) == 1, variant
        assert len({name for name, _ in {*other.fields} ^ {*made.fields}}) <= 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_the_visitors_address_is_left_alone_where_it_may_be_a_rule(status: int) -> None:
    lines = f"{APP} proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Real-IP 1;"
    names = [variant.name for variant in variants(lines, status)]
    assert "X-Forwarded-For" not in names
    assert "X-Real-IP" not in names
    assert "X-Forwarded-For" in [variant.name for variant in variants(lines, 400)]


def test_credentials_are_left_off_only_where_nginx_has_checked_them() -> None:
    visitor = {**VISITOR, "Authorization": "Basic eA=="}
    assert "Authorization" not in [variant.name for variant in variants(APP, 401, visitor=visitor)]
    checked = variants(f"{APP} auth_basic shop;", 401, visitor=visitor)
    assert parts(checked)[0] == ("field", "Authorization", "removed")
    assert "Authorization" not in [
        one.name for one in variants(f"{APP} auth_basic shop;", 403, visitor=visitor)
    ]


def test_refused_credentials_are_not_repeated_with_other_changes() -> None:
    visitor = {**VISITOR, "Authorization": "Basic eA=="}
    lines = f"{APP} proxy_set_header Connection upgrade;"
    assert not variants(lines, 401, version="1.0", visitor=visitor)
    assert variants(lines, 401, version="1.0")


def test_a_dropped_field_is_restored() -> None:
    found = variants(f'{APP} proxy_set_header User-Agent "";', 403)
    assert ("field", "User-Agent", "added") in parts(found)


def test_a_prefix_is_cut_off_or_given_back() -> None:
    kept = variants(APP, 404, "/app/", BELOW)[0]
    assert (kept.original, kept.value) == ("/app/page", "/page")
    cut = variants("proxy_pass http://127.0.0.1:3000/;", 404, "/app/", BELOW)[0]
    assert (cut.original, cut.value) == ("/page", "/app/page")
    assert "path" not in [variant.part for variant in variants(APP, 404)]
    regex = variants(APP, 404, "~ ^/app/(page|x)", BELOW)[0]
    assert (regex.original, regex.value) == ("/app/page", "/page")
    alone = variants(APP, 404, "/app", replace(BELOW, path="/app"))[0]
    assert (alone.original, alone.value) == ("/app", "/")
    for guide in ("~ /app", "~ /app/", "~* ^/app", "~ ^/app/(.*)$", "~ /app/*"):
        begun = variants(APP, 404, guide, BELOW)[0]
        assert (begun.original, begun.value) == ("/app/page", "/page")
    below = replace(BELOW, path="/en/app/page")
    for other, target in (("~ ^/a.p/", BELOW), ("~ /app/", below), ("~ /ap", BELOW)):
        assert "path" not in [one.part for one in variants(APP, 404, other, target)]


def test_a_server_name_is_that_of_the_host() -> None:
    lines = "proxy_pass https://127.0.0.1:3000; proxy_set_header Host $host;"
    (first, *_) = variants(lines, 421)
    assert (first.part, first.change, first.value) == ("server-name", "added", "shop.example.com")
    named = f"{lines} proxy_ssl_server_name on; proxy_ssl_name $host;"
    assert "server-name" not in [variant.part for variant in variants(named, 421)]


@pytest.mark.parametrize(
    ("setting", "ignored"),
    [
        ("", {"api_key", "api.key"}),
        ("underscores_in_headers on;", {"api.key"}),
        ("ignore_invalid_headers off;", set()),
    ],
)
def test_names_that_nginx_ignores(setting: str, ignored: set[str]) -> None:
    text = f"http {{ server {{ listen 443; {setting} location / {{ }} }} }}"
    (server,) = server_blocks.servers(parse(text, "/n.conf"))
    match = select_location(server, "/")
    names = ("api_key", "api.key", "api-key")
    assert {name for name in names if is_ignored_name(match, name)} == ignored
