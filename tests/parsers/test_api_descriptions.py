"""What a description of an interface says about the addresses that its page asks."""

import pytest

from diagnose.parsers.api_descriptions import plain_servers

HOST = "shop.example.com"


def described(servers: str, version: str = '"openapi":"3.0.1"') -> str:
    return f'{{{version},"info":{{"title":"API"}},{servers},"paths":{{}}}}'


GENERATED = '"servers":[{"url":"http://shop.example.com","description":"Generated server url"}]'


def test_the_first_server_is_plain() -> None:
    assert plain_servers(described(GENERATED), HOST) == ("http://shop.example.com",)
    other = '"servers" : [ { "description" : "own", "url" : "http:\\/\\/shop.example.com\\/v1" } ]'
    assert plain_servers(described(other), HOST) == ("http://shop.example.com/v1",)


@pytest.mark.parametrize(
    "text",
    [
        described(GENERATED.replace("http:", "https:")),
        described('"servers":[{"url":"/"}]'),
        described('"servers":[{"url":"http://api.example.org"}]'),
        described(
            '"servers":[{"url":"https://shop.example.com"},{"url":"http://shop.example.com"}]'
        ),
        described(GENERATED, '"name":"other"'),
        described('"tags":[]'),
        "",
        '"servers":[' * 999,
    ],
)
def test_no_server_or_none_that_is_plain(text: str) -> None:
    assert plain_servers(text, HOST) == ()
