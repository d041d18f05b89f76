import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.model.pages import PageFileResponse, WebSocketPath
from diagnose.probes.inside import haproxy_other_backends as probes
from diagnose.probes.inside.remote_curl import ACCEPT
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.haproxy_evidence import SERVER, TEXT, config, page
from tests.support.recorded_machine import RecordedMachine

BACKENDS = "backend api\n    server b 127.0.0.1:3001\n"
CONFIG = config(TEXT + BACKENDS)
HTML = (("Content-Type", "text/html"),)
OPEN = f"< HTTP/1.1 101 Switching Protocols\r\n< Sec-WebSocket-Accept: {ACCEPT}\r\n"
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
)


class Applications(RecordedMachine):
    """On 3000 a page for every path; on 3001 data at /items and a WebSocket at /ws."""

    def __init__(self) -> None:
        super().__init__({})

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        url = argv[-1]
        has = ":3000/" in url or url.partition("?")[0].endswith(("/items", "/socket.io/"))
        head = f"< HTTP/1.1 {200 if has else 404} x\r\n"
        if url.endswith("/ws") and any("websocket" in word for word in argv):
            head = OPEN
        return CommandResult(argv, 0, "", head, 0.0)


def asked(path: str, *before: Observation) -> list[tuple[str, str, bool, bool]]:
    looking = Looking(Applications())
    looking.target = replace(SHOP, path=path)
    looking.observations += (SERVER, CONFIG, *before)
    last = before[-1] if before else CONFIG
    for probe in vars(probes).values():
        if getattr(probe, "after", None) is type(last):
            work: Any = probe
            asyncio.run(work.work(looking, last))
    seen = looking.observed(BackendVisit)
    return [(v.target[-4:], v.requested, v.websocket, v.succeeded) for v in seen]


def test_a_page_that_is_missing_is_asked_of_the_other_backend() -> None:
    missing = page(404, url="https://shop.example.com/items")
    assert asked("/items", missing) == [
        ("3001", "/items", False, True),
        ("3001", "/items-diagnose-7f3a", False, False),
    ]


def test_where_a_page_comes_the_own_application_is_asked_whether_it_has_one_for_all() -> None:
    start = page(200, url="https://shop.example.com/items", headers=HTML)
    assert [visit[:2] for visit in asked("/items", start)] == [
        ("3000", "/items-diagnose-7f3a"),
        ("3001", "/items"),
        ("3001", "/items-diagnose-7f3a"),
    ]
    assert not asked("/", page(200, headers=HTML))


def test_a_websocket_and_a_file_and_polling_are_asked_too() -> None:
    assert asked("/", REFUSED) == [
        ("3001", "/ws", True, True),
        ("3001", "/ws-diagnose-7f3a", True, False),
    ]
    file = PageFileResponse(
        url="https://shop.example.com/items",
        page="https://shop.example.com/",
        file_kind="script",
        address="203.0.113.10",
        port=443,
        status=404,
    )
    assert asked("/", file)[0] == ("3001", "/items", False, True)
    named = WebSocketPath(source="x", path="/socket.io/", library="Socket.IO")
    assert asked("/", named)[0] == ("3001", "/socket.io/", False, True)
    assert not asked("/", replace(named, library="SignalR"))


def test_nothing_is_asked_where_the_site_answers_or_refuses() -> None:
    for status in (301, 401, 403, 429, 503):
        assert not asked("/items", page(status, url="https://shop.example.com/items"))
    assert not asked("/", replace(REFUSED, accepted=True))
    assert not asked("/", replace(REFUSED, status=403))
