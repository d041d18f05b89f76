"""What data that a page's scripts read says about where they ask further."""

import pytest

from diagnose.parsers.bases_in_data import plain_bases_in_data

HOST = "shop.example.com"
SCRIPT = "fetch('/ui').then(r=>r.json()).then(c=>fetch(c.baseURL+'/items'))"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ('{"baseURL":"http://shop.example.com/api","id":1}', SCRIPT),
        ('{"base_url" : "http:\\/\\/shop.example.com/api"}', "const {a, base_url} = c;"),
        ('[{"apiUrl":"http://shop.example.com/api"}]', "get(this.config.apiUrl)"),
        ('{"graphqlEndpoint":"http://shop.example.com/api"}', "uri:e.graphqlEndpoint"),
    ],
)
def test_a_base_with_http(text: str, script: str) -> None:
    assert plain_bases_in_data(text, HOST, script) == ("http://shop.example.com/api",)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ('{"baseURL":"https://shop.example.com/api"}', SCRIPT),
        ('{"baseURL":"/api"}', SCRIPT),
        ('{"baseURL":"http://api.example.org/"}', SCRIPT),
        ('{"baseURL":"http://shop.example.com/api"}', "c.baseURLs"),
        ('{"siteUrl":"http://shop.example.com/"}', "link.href=c.siteUrl"),
        ('<html>"baseURL":"http://shop.example.com/api"', SCRIPT),
        ("", SCRIPT),
    ],
)
def test_none(text: str, script: str) -> None:
    assert plain_bases_in_data(text, HOST, script) == ()
