import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import servers
from diagnose.parsers.nginx.variables import expand_variables, map_of

MAP = (
    "map $http_upgrade $connection_upgrade { default upgrade; '' close; }"
    "map $host $pool { ~^(www|m)\\. web; ~*\\.CN$ china; Shop.Example.com shop; default $host; }"
    "map $a $b { default $c; } map $b $c { default $a; } map $c $a { default $b; }"
)


def expanded(text: str, inside: str = "", **request: str | None) -> str | None:
    main = parse(f"http {{ {MAP} server {{ location / {{ {inside} }} }} }}", "n.conf")
    return expand_variables(select_location(servers(main)[0], "/"), text, request)


def test_the_requests_own_variables_come_first() -> None:
    assert expanded("$scheme://${host}x", scheme="https", host="a") == "https://ax"
    assert expanded("$host", host=None) is None
    assert expanded("$nobody_knows") is None


@pytest.mark.parametrize(
    ("host", "pool"),
    [
        ("www.a.t", "web"),
        ("a.cn", "china"),
        ("shop.example.com", "shop"),
        ("blog.t", "blog.t"),
        (None, None),
    ],
)
def test_a_map_compares_words_before_expressions(host: str | None, pool: str | None) -> None:
    assert expanded("$pool", host=host) == pool


def test_a_map_has_an_entry_for_nothing() -> None:
    assert expanded("$connection_upgrade", http_upgrade="") == "close"
    assert expanded("$connection_upgrade", http_upgrade="websocket") == "upgrade"


def test_set_gives_a_variable_its_value() -> None:
    assert expanded("http://$app:3000", "set $name b; set $app $name.t;") == "http://b.t:3000"


def test_variables_that_need_each_other_are_unknown() -> None:
    assert expanded("$a") is None


def test_a_map_is_found_by_the_variable_that_it_defines() -> None:
    (http,) = parse(f"http {{ {MAP} }}", "n.conf")
    assert map_of(http, "pool")
    assert map_of(http, "host") is None
