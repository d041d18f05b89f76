"""What an ACL compares, by its words (Configuration Manual, sections 7.1 to 7.3)."""

import pytest

from diagnose.parsers.haproxy.criteria import Criterion, criterion_of

SHOP = ("shop.example.com",)


@pytest.mark.parametrize(
    ("words", "criterion"),
    [
        ("hdr(host) -i shop.example.com", Criterion("host", "str", SHOP)),
        ("hdr_end(host) shop.example.com", Criterion("host", "end", SHOP)),
        ("hdr(Host),lower,field(1,:) shop.example.com", Criterion("host", "str", SHOP, True)),
        ("hdr(host) -m dom -- shop.example.com", Criterion("host", "dom", SHOP)),
        ("hdr(Upgrade) -i websocket", Criterion("websocket", "str", ("websocket",))),
        ("ssl_fc_sni shop.example.com", Criterion("sni", "str", SHOP)),
        ("path_beg /api /ws", Criterion("path", "beg", ("/api", "/ws"))),
        ("ssl_fc", Criterion("tls")),
        ("ssl_fc 0", Criterion("plain", "str", ("0",))),
        ("dst_port 443", Criterion("port", "str", ("443",))),
        ("always_false", Criterion("false")),
        # Nothing is known of a file, a map, another field or another fetch.
        ("hdr(host) -f /etc/haproxy/names", Criterion("")),
        ("hdr(x-forwarded-for) 192.0.2.1", Criterion("", "str", ("192.0.2.1",))),
        ("src 192.0.2.0/24", Criterion("", "str", ("192.0.2.0/24",))),
        ("", Criterion("")),
    ],
)
def test_what_is_compared(words: str, criterion: Criterion) -> None:
    assert criterion_of(words.split()) == criterion
