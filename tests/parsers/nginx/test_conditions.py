import pytest

from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.conditions import (
    address_variables,
    condition_holds,
    depends_on_address,
    request_variables,
    set_variables,
    used_variables,
)
from diagnose.parsers.nginx.config import children, parse
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import servers

REQUEST = ClientRequest("192.0.2.66", "shop.t", "/a?b=1")


def holds(condition: str) -> bool | None:
    main = parse(f"http {{ server {{ location / {{ if {condition} {{ }} }} }} }}", "n.conf")
    location = select_location(servers(main)[0], "/")
    (directive,) = children(location.block, "if")
    known = {**request_variables(REQUEST), "empty": "", "zero": "0", "hidden": None}
    return condition_holds(location, directive, known)


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("($scheme)", True),
        ("( $scheme )", True),
        ("($empty)", False),
        ("($zero)", False),
        ("($hidden)", None),
        ("($host = shop.t)", True),
        ("($host != shop.t)", False),
        ("($host = $hidden)", None),
        ('($empty = "")', True),
        ('( $host = "" )', False),
        ("($host ~ ^SHOP)", False),
        ("($host ~* ^SHOP)", True),
        ("($host !~* ^SHOP)", False),
        (r"($host ~ a\Kb)", None),
        ("(-f $document_root/x)", None),
        ("($host < shop.t)", None),
    ],
)
def test_a_condition_holds_or_cannot_be_known(condition: str, result: bool | None) -> None:
    assert holds(condition) is result


def test_a_request_has_its_variables() -> None:
    known = request_variables(REQUEST)
    assert (known["uri"], known["args"], known["is_args"]) == ("/a", "b=1", "?")
    assert known["http_host"] == "shop.t"
    other_port = ClientRequest("", "shop.t", "/", "http", 8080)
    assert request_variables(other_port)["http_host"] == "shop.t:8080"


def test_an_address_is_written_as_its_socket_has_it() -> None:
    assert address_variables(REQUEST)["remote_addr"] == "192.0.2.66"
    mapped = ClientRequest("192.0.2.66", "shop.t", mapped=True)
    assert address_variables(mapped)["remote_addr"] == "::ffff:192.0.2.66"
    assert address_variables(ClientRequest("", "shop.t")) == {}


def test_the_variables_of_a_block_and_of_maps_are_found() -> None:
    text = "map $a $b { ~x $c; } server { set $d ${e}x; if ($f) { set $g 1; } }"
    (server,) = servers(parse(f"http {{ {text} }}", "n.conf"))
    assert set(used_variables(server)) == set("abcdefg")
    assert list(set_variables(server.block)) == ["d", "g"]


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("($remote_addr = 192.0.2.1)", True),
        ("($listed)", True),
        ("($answer = no)", True),
        ("($counted)", True),
        ("($copied)", True),
        ("($geoip_country_code = DE)", True),
        ("($by_header)", False),
        ("($host = shop.t)", False),
        ("($loop)", False),
        ("(-f /var/www/closed)", False),
    ],
)
def test_a_condition_depends_on_the_address_or_not(condition: str, result: bool) -> None:
    main = parse(
        "http { geo $listed { 192.0.2.1 1; } geo $http_x_forwarded_for $by_header { 192.0.2.1 1; }"
        " map $listed $answer { 1 no; } map $loop $back { a $loop; } map $back $loop { a $back; }"
        " server { if ($remote_addr ~ ^192) { set $counted 1; } location / {"
        f" set $copied $answer; if {condition} {{ }} }} }} }}",
        "n.conf",
    )
    (server,) = servers(main)
    (directive,) = children(select_location(server, "/").block, "if")
    assert depends_on_address(server, directive) is result
