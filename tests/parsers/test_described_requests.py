"""Requests that messages tell of."""

import pytest

from diagnose.parsers.described_requests import described_request
from diagnose.parsers.message_sites import MessageSite, site_in_message
from diagnose.parsers.told_requests import ToldRequest

CURL = "curl/8.5.0"


@pytest.mark.parametrize(
    ("text", "request_in_it"),
    [
        (
            "curl -X DELETE -H 'Accept: application/json' https://a.example/api/5?x=1 -> 403",
            ToldRequest(
                "DELETE", "/api/5?x=1", agent=CURL, fields=(("accept", "application/json"),)
            ),
        ),
        (
            'curl -sSLI -A "Mozilla/5.0 (iPhone)" https://a.example',
            ToldRequest("HEAD", "/", agent="Mozilla/5.0 (iPhone)"),
        ),
        (
            "$ curl --http1.0 https://a.example/health : curl: (52) Empty reply from server",
            ToldRequest("GET", "/health", agent=CURL, version="1.0"),
        ),
        (
            "curl -XPOST -d '{\"a\": 1}' -H 'X-Key: ***' https://a.example/b gives 415",
            ToldRequest(
                "POST",
                "/b",
                agent=CURL,
                fields=(("content-type", "application/x-www-form-urlencoded"),),
            ),
        ),
        ("curl -T big.iso https://a.example/dav/", ToldRequest("PUT", "/dav/", agent=CURL)),
        (
            'client: 1.2.3.4, request: "PUT /x HTTP/1.0", referrer: "https://b.example/p"',
            ToldRequest("PUT", "/x", referer="https://b.example/p", version="1.0"),
        ),
        ("PUT https://a.example/api/5 404 (Not Found)", ToldRequest("PUT", "/api/5")),
        ("XHR DELETE https://a.example/api/5 [HTTP/2 403 12ms]", ToldRequest("DELETE", "/api/5")),
        ("a.example antwortet auf HEAD-Anfragen mit 403", ToldRequest("HEAD", "")),
        ("a.example 的 POST 请求返回 405", ToldRequest("POST", "")),
        (
            "404 uniquement quand le navigateur est en français",
            ToldRequest("", "", fields=(("accept-language", "fr"),)),
        ),
        ("浏览器语言为法语时 404", ToldRequest("", "", fields=(("accept-language", "fr"),))),
        ("the <HEAD> of the page is empty", None),
        ("the German translation of the page is gone", None),
        ("curl", None),
        ("the site is down", None),
    ],
)
def test_reads_the_request(text: str, request_in_it: ToldRequest | None) -> None:
    if text == "curl":
        # The name of the program is all that is told.
        assert described_request(text) == ToldRequest("", "", agent=CURL)
        return
    assert described_request(text) == request_in_it


def test_the_site_of_a_command_line_is_not_the_page_in_its_fields() -> None:
    text = "curl -i -X OPTIONS -H 'Origin: https://app.example.net' https://a.example/api\n"
    site = site_in_message(f"{text}HTTP/1.1 401 Unauthorized")
    assert isinstance(site, MessageSite)
    assert site.target == "https://a.example/api"
