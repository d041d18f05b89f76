"""Whose addresses a message names."""

import pytest

from diagnose.parsers.told_visitors import told_visitors


@pytest.mark.parametrize(
    ("text", "visitors"),
    [
        ("our customer at 198.51.100.7 gets 403 Forbidden", ("198.51.100.7",)),
        ("[client 198.51.100.7:51234] AH01797: client denied by server configuration: /var/www/",
         ("198.51.100.7",)),
        ("403, meine IP 198.51.100.7", ("198.51.100.7",)),
        ("only 2001:db8::7 is refused", ("2001:db8::7",)),
        ("connect() to 10.0.0.5:3000 failed, client: 198.51.100.7, server: shop.example.com, "
         'upstream: "http://10.0.0.5:3000/"', ("198.51.100.7",)),
        ("https://198.51.100.7/ gives 403", ()),
        ("403 from 198.51.100.0/24", ()),
        ("the name resolves to 198.51.100.7", ()),
        ("127.0.0.1 gets 403", ()),
        ("nginx 1.22.1.1.2 at 12:30:45", ()),
        ("403 in Chrome 120.0.0.0 and OpenSSL version 1.1.1.8", ()),
        ("* Trying 198.51.100.1... Connected to shop.example.com (198.51.100.1) port 443", ()),
        ("Name: shop.example.com\nAddress: 198.51.100.1", ()),
        ("the server is at 198.51.100.1, a customer at 198.51.100.7 gets 403", ("198.51.100.7",)),
        ("my IP address 198.51.100.7 gets 403", ("198.51.100.7",)),
        ("no address", ()),
        ('198.51.100.7 - - [15/Nov/2017:10:21:44 +0000] "GET / HTTP/1.1" 403 9 "-" "x 1.2.3.4"',
         ("198.51.100.7",)),
        ('{"request":{"remote_ip":"198.51.100.7","method":"GET","uri":"/"},"status":403}',
         ("198.51.100.7",)),
    ],
)  # fmt: skip
def test_a_visitors_address_is_told(text: str, visitors: tuple[str, ...]) -> None:
    assert told_visitors(text) == visitors
