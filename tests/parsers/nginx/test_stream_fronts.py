"""Blocks of `stream` in front of those of `http`: where connections go, and who answers them."""

import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.server_blocks import answering_servers
from diagnose.parsers.nginx.stream_fronts import stream_fronts

NAMES = """\
map $ssl_preread_server_name $name {
    hostnames;
    default web;
    vpn.example.com vpn;
}
upstream web { server 127.0.0.1:8443; }
upstream vpn { server 127.0.0.1:4443; }
"""
SHOP = "server { listen 127.0.0.1:8443 ssl proxy_protocol; server_name shop.example.com; }"


def fronts(text: str) -> list[tuple[int, str]]:
    return [
        (stream_front.port, stream_front.socket)
        for stream_front in stream_fronts(parse(text, "/n.conf"))
    ]


def answering(stream: str, http: str = SHOP) -> list[tuple[str, bool, tuple[str, ...]]]:
    main = parse(f"stream {{ {stream} }} http {{ {http} }}", "/n.conf")
    found = answering_servers(main, "shop.example.com", 443)
    return [(socket.address, socket.ssl, server.names) for socket, server in found]


@pytest.mark.parametrize(
    ("stream", "places"),
    [
        ("server { listen 443; proxy_pass 127.0.0.1:8443; }", [(8443, "")]),
        ("server { listen 443; proxy_pass localhost:8443; }", [(8443, "")]),
        ("server { listen 443; proxy_pass [::1]:8443; }", [(8443, "")]),
        ("server { listen 443; proxy_pass unix:/run/tls.sock; }", [(0, "/run/tls.sock")]),
        (f"{NAMES} server {{ listen 443; proxy_pass $name; }}", [(8443, ""), (4443, "")]),
        ("server { listen 443; proxy_pass 10.0.0.5:443; }", []),
        ("server { listen 443 ssl; proxy_pass 127.0.0.1:8080; }", []),
        ("server { listen 443 udp; proxy_pass 127.0.0.1:8443; }", []),
        ("server { listen 443; proxy_pass $unknown; }", []),
        ("server { listen 443; proxy_pass; }", []),
    ],
)
def test_where_the_connections_of_a_socket_go(stream: str, places: list[tuple[int, str]]) -> None:
    assert fronts(f"stream {{ {stream} }}") == places


def test_the_block_of_http_that_they_reach_answers_on_the_port_of_stream() -> None:
    by_name = f"{NAMES} server {{ listen 443; ssl_preread on; proxy_pass $name; }}"
    assert answering(by_name) == [("*", True, ("shop.example.com",))]
    socket = "server { listen unix:/run/tls.sock ssl; server_name shop.example.com; }"
    to_socket = "server { listen [::]:443; proxy_pass unix:/run/tls.sock; }"
    assert answering(to_socket, socket) == [("::", True, ("shop.example.com",))]
    assert answering("server { listen 8443; proxy_pass 127.0.0.1:8443; }") == []


def test_nobody_is_named_where_it_depends_on_the_name_which_block_answers() -> None:
    other = "server { listen 127.0.0.1:4443 ssl; server_name vpn.example.com; }"
    by_name = f"{NAMES} server {{ listen 443; ssl_preread on; proxy_pass $name; }}"
    assert answering(by_name, SHOP + other) == []
