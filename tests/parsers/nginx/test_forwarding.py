import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.forwarding import (
    application_of,
    forwarded_header,
    forwarded_path,
    inheritance_broken_at,
    is_respelling,
    spelled_anew,
    upgrade_forwarding,
)
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, select_location
from diagnose.parsers.nginx.server_blocks import servers

UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection {};"
MAP = "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"


def location(text: str, server: str = "", pattern: str = "/", around: str = "") -> LocationMatch:
    block = f"server {{ {server} location {pattern} {{ {text} }} }}"
    main = parse(f"http {{ {MAP} {around} {block} }}", "n.conf")
    return select_location(servers(main)[0], "/ws")


@pytest.mark.parametrize(
    ("text", "forwarded"),
    [
        ("", (False, False)),
        (UPGRADE.format("upgrade"), (True, True)),
        (UPGRADE.format("$connection_upgrade"), (True, True)),
        (UPGRADE.format("$http_connection"), (True, True)),
        (UPGRADE.format('"keep-alive, Upgrade"'), (True, True)),
        (UPGRADE.format('"no-upgrade"'), (True, False)),
        (UPGRADE.format("close"), (True, False)),
        (UPGRADE.format("$unknown"), (True, True)),
        ("proxy_set_header Upgrade '';", (False, False)),
    ],
)
def test_a_websocket_needs_both_fields(text: str, forwarded: tuple[bool, bool]) -> None:
    assert upgrade_forwarding(location(text)) == forwarded


def test_without_a_line_nginx_closes_the_connection() -> None:
    assert forwarded_header(location(""), "Connection") == "close"
    assert forwarded_header(location(""), "X-Real-IP") == ""
    assert forwarded_header(location("proxy_set_header X $y;"), "X") is None


def test_a_line_of_its_own_breaks_the_inheritance_of_the_others() -> None:
    upgrade = UPGRADE.format("upgrade")
    broken = location("proxy_set_header Host $host;", server=upgrade)
    outer = inheritance_broken_at(broken)
    assert outer is not None
    assert outer.block.name == "server"
    assert inheritance_broken_at(location("", server=upgrade)) is None
    assert inheritance_broken_at(location("proxy_set_header Host $host;")) is None
    assert inheritance_broken_at(location("proxy_set_header Upgrade '';", server=upgrade)) is None


def test_a_group_has_its_servers_and_those_that_are_down_are_left_out() -> None:
    group = "upstream app { server 10.0.0.1:3000; server 10.0.0.2 down; server unix:/run/a.sock; }"
    match = location("proxy_pass http://app;", around=group)
    directive = proxy_pass_of(match)
    assert directive is not None
    application = application_of(match, directive)
    assert application is not None
    assert application.servers == (("10.0.0.1", 3000),)


@pytest.mark.parametrize(
    ("target", "servers_"),
    [
        ("https://app.t", (("app.t", 443),)),
        ("http://[::1]:3000", (("::1", 3000),)),
        ("http://unix:/run/a.sock", None),
        ("http://$unknown", None),
    ],
)
def test_a_destination_has_a_host_and_a_port(
    target: str, servers_: tuple[tuple[str, int], ...] | None
) -> None:
    match = location(f"proxy_pass {target};")
    directive = proxy_pass_of(match)
    assert directive is not None
    application = application_of(match, directive)
    assert (application.servers if application else None) == servers_


@pytest.mark.parametrize(
    ("target", "pattern", "path"),
    [
        ("http://a.t", "/", "/ws"),
        ("http://a.t/", "/ws", "/"),
        ("http://a.t/x/", "/", "/x/ws"),
        ("http://a.t", "~ ^/ws", "/ws"),
    ],
)
def test_a_path_in_proxy_pass_replaces_the_locations(target: str, pattern: str, path: str) -> None:
    match = location(f"proxy_pass {target};", pattern=pattern)
    directive = proxy_pass_of(match)
    assert directive is not None
    application = application_of(match, directive)
    assert application is not None
    assert forwarded_path(match, application, "/ws") == path


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/a%5Bb%5D%40/c", "/a[b]@/c"),
        ("/a%20b%22%3Fc%25", "/a%20b%22%3Fc%25"),
        ("/%e4%b8?q=%5B", "/%E4%B8?q=%5B"),
        ("/a", "/a"),
    ],
)
def test_nginx_decodes_a_path_and_encodes_it_anew(path: str, written: str) -> None:
    assert spelled_anew(path) == written


def test_slashes_are_merged_where_the_path_is_changed() -> None:
    assert spelled_anew("/a%2Fb//c?d=//", is_merged=True) == "/a/b/c?d=//"
    assert is_respelling("/a/b", "/a//b")
    assert is_respelling("/[a]", "/%5Ba%5D")
    assert not is_respelling("/a", "/a")
    assert not is_respelling("/a", "/b")
