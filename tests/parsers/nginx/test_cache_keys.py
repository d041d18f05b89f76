"""What the key of a cache leaves out."""

import pytest

from diagnose.parsers.nginx.cache_keys import cache_key_gap
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import LocationMatch

PROXY = "proxy_pass http://app; proxy_cache x; proxy_cache_valid 200 1h;"
PHP = "fastcgi_pass php; fastcgi_cache x; fastcgi_cache_valid 1h;"


def location(text: str, argument: str = "/app/") -> LocationMatch:
    (http,) = parse(f"http {{ server {{ location {argument} {{ {text} }} }} }}", "nginx.conf")
    server = (http.block or ())[0]
    return LocationMatch((http, server, (server.block or ())[0]))


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        (PHP, "all"),
        (f"{PROXY} proxy_cache_key $scheme$host;", "path"),
        (f"{PROXY} proxy_cache_key $scheme$host$args;", "path"),
        (f"{PROXY} proxy_cache_key $scheme$host$uri;", "query"),
        (f"{PROXY} proxy_cache_methods GET HEAD POST;", "body"),
        (f"{PROXY} slice 1m;", "slice"),
        (f"{PROXY} slice 1m; proxy_cache_key $uri$is_args$args;", "slice"),
        (f'{PHP} fastcgi_cache_key "$scheme$request_method$host";', "path"),
        (f"{PHP} fastcgi_cache_key $host$request_uri;", "head"),
    ],
)
def test_gap(text: str, gap: str) -> None:
    cache = cache_key_gap(location(text))
    assert cache
    assert cache.gap == gap


@pytest.mark.parametrize(
    "text",
    [
        PROXY,
        "proxy_pass http://app;",
        "proxy_pass http://app; proxy_cache off; proxy_cache_key $host;",
        "proxy_pass http://app; proxy_cache x; proxy_cache_key $host;",
        f"{PROXY} proxy_cache_key $host$request_uri;",
        f"{PROXY} proxy_cache_key $host$uri$is_args$args;",
        f"{PROXY} proxy_cache_key $host$uri$arg_page;",
        f"{PROXY} proxy_cache_key $host$my_key;",
        f"{PROXY} proxy_cache_key $1;",
        f"{PROXY} slice 1m; proxy_cache_key $request_uri$slice_range;",
        f"{PROXY} slice 0;",
        f"{PROXY} proxy_cache_methods GET HEAD POST; proxy_cache_key $request_uri$request_body;",
        f'{PHP} fastcgi_cache_key "$scheme$request_method$host$request_uri";',
        "fastcgi_pass php; fastcgi_cache x; fastcgi_cache_valid 404 1m;",
        "",
    ],
)
def test_no_gap(text: str) -> None:
    assert cache_key_gap(location(text)) is None


def test_one_page_needs_no_path() -> None:
    text = f"{PROXY} proxy_cache_key $host$args;"
    assert cache_key_gap(location(text, "= /status")) is None
    assert cache_key_gap(location(text, "/status")) is None
    assert cache_key_gap(location(text, "~ /status$")) is not None
