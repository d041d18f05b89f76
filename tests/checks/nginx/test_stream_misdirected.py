"""nginx.stream-misdirected: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Failure
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import parse
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import FILE

CHECK = "nginx.stream-misdirected"
STREAM = """\
map $ssl_preread_server_name $name { default web; vpn.example.com vpn; }
upstream web { server 127.0.0.1:8443; }
upstream vpn { server 127.0.0.1:4443; }
server { listen 443; ssl_preread on; proxy_pass $name; proxy_protocol on; }
"""
SHOP = "server { listen 127.0.0.1:8443 ssl proxy_protocol; server_name shop.example.com; }"
CUT = Handshake(
    address="203.0.113.10", port=443, failure=Failure("closed", "EOF occurred", 0, "closed")
)
THERE = Listeners(sockets=(Listener(address="127.0.0.1", port=8443, family=4, process="nginx"),))


def config(stream: str = STREAM, http: str = SHOP) -> NginxConfig:
    whole = f"stream {{\n{stream} }}\nhttp {{\n{http}\n}}\n"
    main = parse(whole, FILE)
    return NginxConfig(path=FILE, main=main, files=(ConfigFile(FILE, whole, 0.0),))


@pytest.mark.parametrize(
    ("stream", "http", "listeners", "reason"),
    [
        (STREAM, SHOP, Listeners(), "nobody"),
        (STREAM.replace("default web;", ""), SHOP, THERE, "no_name"),
        (STREAM.replace(" proxy_protocol on;", ""), SHOP, THERE, "no_header"),
        (STREAM, SHOP.replace(" proxy_protocol", ""), THERE, "header"),
        (STREAM.replace("default web", "default vpn"), SHOP, THERE, "nobody"),
    ],
)
def test_fires_and_says_why(stream: str, http: str, listeners: Listeners, reason: str) -> None:
    # A recording hides the values of a map.
    (claim,) = judge(CHECK, config(stream, http), listeners, CUT, masked=False)
    assert claim.facts[reason] is True
    assert claim.location
    assert claim.location.line == 5


def test_silent_where_both_sides_agree_or_visitors_get_in() -> None:
    assert not judge(CHECK, config(), THERE, CUT)
    open_handshake = replace(CUT, failure=None)
    assert not judge(CHECK, config(), Listeners(), open_handshake)


def test_silent_where_the_way_cannot_be_told() -> None:
    by_pattern = STREAM.replace("default web;", "~shop web;")
    assert not judge(CHECK, config(by_pattern), Listeners(), CUT)
    elsewhere = STREAM.replace("127.0.0.1:8443", "10.0.0.5:443")
    assert not judge(CHECK, config(elsewhere), Listeners(), CUT)
