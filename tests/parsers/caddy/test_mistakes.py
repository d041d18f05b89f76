"""Words that Caddy 2.6.2 does not know, as `caddy adapt` names them."""

import pytest

from diagnose.parsers.caddy.mistakes import Mistake, known_mistake

FILE = "/etc/caddy/Caddyfile:3"
INNER = f"parsing caddyfile tokens for 'reverse_proxy': {FILE} - Error during parsing: unrecognized"
MISSING = "getting module named 'NAME': module not registered: http"


@pytest.mark.parametrize(
    ("message", "mistake"),
    [
        (
            f"{FILE}: unrecognized directive: 127.0.0.1:6167",
            Mistake("address", "127.0.0.1:6167", "reverse_proxy 127.0.0.1:6167"),
        ),
        (
            f"{FILE}: unrecognized directive: http://app:8080/",
            Mistake("address", "http://app:8080/", "reverse_proxy http://app:8080"),
        ),
        (
            f"{FILE}: unrecognized directive: :3000",
            Mistake("address", ":3000", "reverse_proxy :3000"),
        ),
        (
            f"{FILE}: unrecognized directive: blog.example.com",
            Mistake("site", "blog.example.com"),
        ),
        (f"{FILE}: unrecognized directive: gzip", Mistake("old", "gzip", "encode gzip")),
        (f"{INNER} subdirective header_upstream", Mistake("old", "header_upstream", "header_up")),
        (
            f"{INNER} subdirective transparent, at Caddyfile:3",
            Mistake("needless", "transparent"),
        ),
        (f"{INNER}: {MISSING}.reverse_proxy.transport.grpc", Mistake("transport", "grpc")),
        (
            f"{FILE}: getting module named 'dns.providers.alidns': module not registered: "
            "dns.providers.alidns, at /etc/caddy/Caddyfile:4",
            Mistake("plugin", "dns.providers.alidns", "github.com/caddy-dns/alidns"),
        ),
        (
            f"{FILE}: unrecognized directive: rate_limit",
            Mistake("plugin", "rate_limit", "github.com/mholt/caddy-ratelimit"),
        ),
        (
            f"{MISSING}.handlers.own_words",
            Mistake("plugin", "http.handlers.own_words"),
        ),
        (f"{FILE}: unrecognized directive: reverse_prxy", None),
        (f"{FILE}: unrecognized directive: 127.0.0.1", None),
        (f"{FILE} - Error during parsing: Unexpected token", None),
        ("", None),
    ],
)
def test_the_mistake_behind_a_word(message: str, mistake: Mistake | None) -> None:
    assert known_mistake(message) == mistake
