"""What an application says to a request without the client certificate that nginx sends."""

import asyncio
from typing import Any

import pytest

from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import compared_requests, upstream_routes
from diagnose.probes.inside.raw_answers import RawAnswer
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SENT = "proxy_ssl_certificate /a.pem;"
REFUSED = b"HTTP/1.1 400 Bad Request\r\n\r\n<b>No required SSL certificate was sent</b>"
MISSING = b"HTTP/1.1 404 Not Found\r\n\r\nno page"


@pytest.mark.parametrize(
    ("lines", "reply", "is_told"),
    [(SENT, REFUSED, False), ("", REFUSED, True), (SENT, MISSING, True)],
)
def test_a_refusal_of_the_request_alone_is_not_the_sites(
    monkeypatch: pytest.MonkeyPatch, lines: str, reply: bytes, is_told: bool
) -> None:
    text = f"http {{ server {{ listen 443 ssl; location / {{ proxy_pass https://a; {lines} }} }} }}"
    ctx: Any = Looking(RecordedMachine())
    config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
    route = upstream_routes.find_route(ctx, config, "/")
    assert route
    answer = RawAnswer(("127.0.0.1", 1), "curl", reply, None)
    variant: Any = type("Variant", (), {"part": "none", "name": "", "change": "none"})()
    variant.original = variant.value = ""
    variant.request = type("Request", (), {"field": lambda *_: None})()

    async def send(*_: object) -> RawAnswer:
        return answer

    monkeypatch.setattr(compared_requests, "send_request", send)
    asking = compared_requests.Asking(ctx, route, 100.0)
    assert (asyncio.run(asking.ask(variant)) is not None) is is_told
