"""What servers sent: it is shown with -vvv, and no secret with it."""

import pytest

from diagnose.model import Observation
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tls import Handshake
from diagnose.model.view import View
from diagnose.outputs import markdown, text
from diagnose.outputs.raw_answers import raw_lines
from tests.support.report_builder import ADDRESS, CLOSED, healthy, report

PAGE = Exchange(
    url="https://shop.example.com/", address=ADDRESS, port=443, status=502, reason="Bad Gateway",
    version="HTTP/2",
    headers=(("Server", "nginx"), ("Set-Cookie", "sid=swordfish; HttpOnly"),
             ("X-Api-Key", "swordfish"), ("Location", "/login?token=swordfish")),
    body="<html>\n<h1>502</h1>\ntoken=swordfish",
)  # fmt: skip


def test_a_response_is_its_lines_without_the_secrets() -> None:
    assert raw_lines(PAGE) == [
        "HTTP/2 502 Bad Gateway",
        "Server: nginx",
        "Set-Cookie: ***",
        "X-Api-Key: ***",
        "Location: /login?token=***",
        "",
        "<html>",
        "<h1>502</h1>",
        "token=***",
    ]


@pytest.mark.parametrize(
    ("observation", "lines"),
    [
        (CLOSED, []),
        (Handshake(address=ADDRESS, port=443, received="SSH-2.0-OpenSSH_9.2"),
         ["SSH-2.0-OpenSSH_9.2"]),
        (Upgrade(url="wss://shop.example.com/ws", path="/ws", address=ADDRESS, port=443,
                 status=101, reason="Switching Protocols", headers=(("Upgrade", "websocket"),),
                 stray="hello"),
         ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "hello"]),
    ],
    ids=["none", "no TLS", "no frames"],
)  # fmt: skip
def test_what_is_not_a_response_too(observation: Observation, lines: list[str]) -> None:
    assert raw_lines(observation) == lines


def test_a_long_body_is_cut() -> None:
    page = Exchange(url="http://a/", address=ADDRESS, port=80, status=200, body="x\n" * 1000)
    assert len(raw_lines(page)) < 50


def test_it_is_in_the_timeline_of_the_third_level_alone() -> None:
    whole = report(*healthy().evidence.observations, PAGE)
    for writer in (text, markdown):
        assert "< HTTP/2 502" not in writer.render(whole, View(verbosity=2))
        loud = writer.render(whole, View(verbosity=3))
        assert "    < HTTP/2 502 Bad Gateway\n    < Server: nginx\n" in loud
        assert "swordfish" not in loud


def test_nothing_from_outside_reaches_the_terminal_raw() -> None:
    hostile = Exchange(
        url="http://a/", address=ADDRESS, port=80, status=200, reason="\x1b[2J",
        headers=(("A", "\x9b5\r"),), body="\x1b]52;c;x\x07",
    )  # fmt: skip
    made = text.render(report(hostile), View(verbosity=3))
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in made)
