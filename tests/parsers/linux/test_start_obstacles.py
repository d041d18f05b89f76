"""What stopped a start, by the words of Caddy 2.6 to 2.10 and HAProxy 2.4 to 3.0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.linux.start_obstacles import (
    Obstacle,
    in_foreground,
    obstacle_of,
    parse_details,
)

HTTP = "loading initial config: loading new config: http app module: start: listening on"


@pytest.mark.parametrize(
    ("message", "obstacle"),
    [
        (f"{HTTP} :443: listen tcp :443: bind: address already in use",
         Obstacle("tcp-port", port=443)),
        (f"{HTTP} udp/:443: listen udp :443: bind: address already in use",
         Obstacle("udp-port", port=443)),
        ("loading initial config: loading new config: starting caddy administration endpoint: "
         "listen tcp 127.0.0.1:2019: bind: address already in use",
         Obstacle("admin-port", address="127.0.0.1", port=2019)),
        (f"{HTTP} :80: listen tcp :80: bind: permission denied", Obstacle("low-port", port=80)),
        (f"{HTTP} 10.0.0.9:443: listen tcp 10.0.0.9:443: bind: cannot assign requested address",
         Obstacle("address", address="10.0.0.9", port=443)),
        ("opening log writer using &logging.FileWriter{Filename:\"/var/log/caddy/access.log\"}: "
         "open /var/log/caddy/access.log: permission denied",
         Obstacle("file", path="/var/log/caddy/access.log")),
        ("mkdir /var/log/caddy: permission denied", Obstacle("folder", path="/var/log/caddy")),
        ("reading config from file: open /etc/caddy/Caddyfile: permission denied",
         Obstacle("file", path="/etc/caddy/Caddyfile")),
        ("Binding [/etc/haproxy/haproxy.cfg:17] for frontend http: cannot bind socket (Address "
         "already in use) for [0.0.0.0:80]", Obstacle("tcp-port", address="0.0.0.0", port=80)),
        ("Starting frontend http: cannot bind socket (Permission denied) [:::80]",
         Obstacle("low-port", address="::", port=80)),
        ("Starting frontend https: cannot bind socket (Cannot assign requested address) "
         "[192.0.2.9:443]", Obstacle("address", address="192.0.2.9", port=443)),
        ("[haproxy.main()] Cannot chroot(/var/lib/haproxy).",
         Obstacle("chroot", path="/var/lib/haproxy")),
        ("Binding [/etc/haproxy/haproxy.cfg:3] for frontend GLOBAL: cannot bind UNIX socket (No "
         "such file or directory) [/run/haproxy/admin.sock]",
         Obstacle("socket-folder", path="/run/haproxy/admin.sock")),
    ],
)  # fmt: skip
def test_the_words_of_a_start_that_failed(message: str, obstacle: Obstacle) -> None:
    assert obstacle_of(message) == obstacle


@pytest.mark.parametrize(
    "message",
    ["", "unrecognized directive: gzip", "dial tcp 127.0.0.1:3000: connect: connection refused"],
)
def test_other_words(message: str) -> None:
    assert obstacle_of(message) is None


def test_details() -> None:
    lines = ("user caddy", "process hysteria", "pid 77", "holder hysteria.service", "mode 600")
    text = "".join(f"={line}\n" for line in lines)
    details = parse_details(text)
    assert (details.user, details.process, details.pid) == ("caddy", "hysteria", 77)
    assert (details.holder, details.mode) == ("hysteria.service", 0o600)
    assert parse_details("=user root\n=mode 9\n").user == ""
    assert parse_details("=mode 9\n").mode is None


def test_a_command_that_ends() -> None:
    start = "/usr/bin/caddy start --config /etc/caddy/Caddyfile"
    assert parse_details(f"=command {start}\n").command == start
    assert in_foreground(start) == start.replace(" start ", " run ")
    assert parse_details(f"=command {start.replace('start', 'run')}\n").command == ""


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    obstacle_of(text)
    parse_details(text)
