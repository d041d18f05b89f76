"""What nginx's rules say by literals; tests/parsers/nginx/test_selection.py asks the real nginx."""

import pytest

from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    beaten_locations,
    fallback_location,
    location_pattern,
    match_location,
    normalize_path,
    outdone_location,
    proxy_pass_of,
    proxy_set_header_of,
    select_location,
)
from diagnose.parsers.nginx.server_blocks import Server


def server(text: str, around: str = "") -> Server:
    (block,) = server_blocks.servers(parse(f"http {{ {around} server {{ {text} }} }}", "n.conf"))
    return block


def selected(text: str, path: str) -> tuple[str, ...]:
    return select_location(server(text), path).block.args


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/", ("=", "/")),
        ("/x", ("/",)),
        ("/img/a.png", ("^~", "/img/")),
        ("/docs/a.PNG", ("~*", r"\.png$")),
        ("/docs/a.txt", ("/docs/",)),
    ],
)
def test_exact_then_longest_prefix_unless_an_expression_matches(
    path: str, args: tuple[str, ...]
) -> None:
    text = (
        r"location = / { } location / { } location /docs/ { } location ^~ /img/ { } "
        r"location ~* \.png$ { }"
    )
    assert selected(text, path) == args


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/pic/a.css", ("/pic/",)),
        ("/a.css", ("/",)),
        ("/pic/a.txt", None),
        ("/img/a.css", None),
    ],
)
def test_the_prefix_that_an_expression_outdoes(path: str, args: tuple[str, ...] | None) -> None:
    text = r"location / { } location /pic/ { } location ^~ /img/ { } location ~ \.css$ { }"
    match = outdone_location(server(text), path)
    assert (match and match.block.args) == args


def test_a_nested_location_is_found_in_its_own() -> None:
    text = "location /a/ { location /a/b/ { } }"
    assert selected(text, "/a/b/c") == ("/a/b/",)
    names = [match.block.args for match in all_locations(server(text))]
    assert names == [("/a/",), ("/a/b/",)]


def test_a_proxied_location_redirects_to_its_slash() -> None:
    match = match_location(server("location /a/ { proxy_pass http://b; }"), "/a")
    assert (match.redirects, match.block.args) == (True, ("/a/",))
    assert not match_location(server("location /a/ { }"), "/a").redirects


def test_try_files_falls_back_to_a_named_location() -> None:
    block = server("location / { try_files $uri @app; } location @app { proxy_pass http://b; }")
    first = match_location(block, "/x")
    fallback = fallback_location(block, first)
    assert fallback is not None
    assert fallback.block.args == ("@app",)
    assert select_location(block, "/x") == fallback
    assert fallback_location(block, fallback) is None


def test_no_location_leaves_the_server_block() -> None:
    assert select_location(server("location /a { }"), "/b").block.name == "server"


def test_a_path_is_decoded_before_it_is_resolved() -> None:
    assert normalize_path("/a/%2e%2e/b%2Fc//d/?x=/../") == "/b/c/d/"
    assert normalize_path("/a//b", merge=False) == "/a//b"
    assert normalize_path("/%2561#x") == "/%61"
    assert normalize_path("/a/.") == "/a/"
    assert normalize_path("/../a") is None


def test_slashes_are_kept_where_the_block_says_so() -> None:
    block = server("merge_slashes off; location /a/b { }")
    assert select_location(block, "/a//b").block.name == "server"
    assert select_location(block, "/a/b").block.name == "location"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("= /a", ("=", "/a")), ("=/a", ("=", "/a")), ("~*\\.js$", ("~*", r"\.js$")), ("/", ("", "/"))],
)
def test_a_modifier_may_touch_its_pattern(text: str, pattern: tuple[str, str]) -> None:
    parsed = location_pattern(next(all_locations(server(f"location {text} {{ }}"))).block)
    assert parsed is not None
    assert (parsed.modifier, parsed.text) == pattern


def test_a_named_location_has_no_pattern() -> None:
    assert location_pattern(next(all_locations(server("location @a { }"))).block) is None


def test_proxy_pass_is_not_inherited_but_may_be_in_an_if() -> None:
    inner = "location /a { proxy_pass http://b; location /a/c { } }"
    outer, nested = all_locations(server(inner))
    assert proxy_pass_of(outer)
    assert proxy_pass_of(nested) is None
    within_if = server("location / { if ($a) { proxy_pass http://b; } }")
    assert proxy_pass_of(next(all_locations(within_if)))


def test_headers_are_inherited_only_as_a_whole() -> None:
    around = "proxy_set_header Host a; proxy_set_header X b;"
    block = server("location /a { } location /b { proxy_set_header X c; }", around)
    first, second = all_locations(block)

    def value(match: LocationMatch, name: str) -> str:
        directive = proxy_set_header_of(match, name)
        return directive.args[1] if directive else ""

    assert (value(first, "HOST"), value(first, "x")) == ("a", "b")
    assert (value(second, "Host"), value(second, "X")) == ("", "c")


@pytest.mark.parametrize(
    ("text", "path", "beaten"),
    [
        (r"location ~ \.a$ { } location ~ \.[ab]$ { }", "/x.a", [("~", r"\.[ab]$")]),
        (r"location /x/ { } location / { } location ~ \.a$ { }", "/x/y.a", [("/x/",), ("/",)]),
        ("location = /x { } location /x { }", "/x", [("/x",)]),
        ("location ^~ /x/ { } location ~ y { }", "/x/y", [("~", "y")]),
        ("location /x/ { location ~ y { } } location ~ z { }", "/x/y", []),
        ("location /a { } location = /b { }", "/a", []),
        ("", "/a", []),
    ],
)
def test_locations_that_another_one_keeps_from_a_path(
    text: str, path: str, beaten: list[tuple[str, ...]]
) -> None:
    assert [match.block.args for match in beaten_locations(server(text), path)] == beaten
