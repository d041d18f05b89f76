"""Which lines of nginx's configuration a message quotes."""

from dataclasses import replace

import pytest

from diagnose.checking.quoted_lines import quoted_lines
from diagnose.model import Symptom
from tests.support.check_evidence import SHOP, evidence
from tests.support.nginx_evidence import config

SERVER = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    proxy_cookie_path / "/; httponly; secure";
    add_header X-Robots-Tag none;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
        add_header Cache-Control no-store;
    }
}
"""


def quoted(words: str) -> list[tuple[str, int]]:
    target = replace(SHOP, symptom=Symptom("other", words))
    lines = quoted_lines(evidence(config(SERVER), target=target))
    return [(line.name, line.line - 1) for line in lines]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (
            'After adding proxy_cookie_path / "/; httponly; secure"; as the guide says nobody can',
            [("proxy_cookie_path", 4)],
        ),
        ("with `proxy_set_header  Host  $host;` it is odd", [("proxy_set_header", 8)]),
        ("加上 proxy_set_header Host $host; 之后登录不了", [("proxy_set_header", 8)]),
        # The location has an add_header of its own: the server's is not in force.
        ("I have add_header X-Robots-Tag none; and the page is odd", []),
        ("proxy_set_header Host $hostname; is odd", []),
        ("listen is what I changed", []),
        ("", []),
    ],
)
def test_a_line_that_is_in_force(words: str, lines: list[tuple[str, int]]) -> None:
    assert quoted(words) == lines


def test_nothing_without_a_message_or_a_configuration() -> None:
    assert not quoted_lines(evidence(config(SERVER)))
    asked = replace(SHOP, symptom=Symptom("other", "proxy_set_header Host $host;"))
    assert not quoted_lines(evidence(target=asked))
