"""The addresses in an answer that have the Host of its request."""

import pytest

from diagnose.model.http import Exchange
from diagnose.parsers.host_addresses import addresses_of, follows_host

INNER = "127.0.0.1:9090"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ('{"next":"http://127.0.0.1:9090/a?b=1"}', ("http://127.0.0.1:9090/a?b=1",)),
        (r'{"next":"http:\/\/127.0.0.1:9090\/a"}', ("http://127.0.0.1:9090/a",)),
        ('<a href="//127.0.0.1:9090/log_in">', ("//127.0.0.1:9090/log_in",)),
        ("<loc>https://127.0.0.1:9090</loc>", ("https://127.0.0.1:9090",)),
        ('<http://127.0.0.1:9090/a>; rel="next"', ("http://127.0.0.1:9090/a",)),
        ("http://127.0.0.1:9090.", ()),
        ("http://127.0.0.1:90901/", ()),
        ("http://127.0.0.1:9090.example.com/", ()),
        ("127.0.0.1:9090", ()),
        ("http://127.0.0.1/", ()),
    ],
)
def test_addresses_of_one_host_and_port(text: str, addresses: tuple[str, ...]) -> None:
    assert addresses_of(text, INNER) == addresses


def test_few_are_named_and_no_host_has_none() -> None:
    assert len(addresses_of(" ".join(f"http://a/{n}" for n in range(9)), "a")) == 3
    assert addresses_of("http:///a", "") == addresses_of("http://x/", "(x") == ()


@pytest.mark.parametrize(
    ("body", "told", "expected"),
    [
        ("http://127.0.0.1:9090/a", ("https://shop.example.com/a",), True),
        ("http://127.0.0.1:9090/a", ("https://shop.example.com/",), False),
        ("http://127.0.0.1:9090/a", (), False),
        (
            r"http://127.0.0.1:9090/a https:\/\/shop.example.com\/a",
            ("//shop.example.com/a",),
            False,
        ),
    ],
)
def test_an_address_follows_the_host(body: str, told: tuple[str, ...], expected: bool) -> None:
    page = Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200, body=body
    )
    hosts = (INNER, "shop.example.com")
    assert follows_host(page, ("http://127.0.0.1:9090/a",), told, hosts) is expected
