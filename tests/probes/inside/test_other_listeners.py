"""The other programs of the server, asked for a path that nginx passes on to one that lacks it."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model import Observation
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options, ProbeContext
from diagnose.probes.inside import other_listeners
from tests.support.check_evidence import REFUSED, SHOP
from tests.support.fake_context import Looking
from tests.support.page_evidence import answered, sheet
from tests.support.recorded_machine import RecordedMachine
from tests.support.websocket_evidence import upgrade

API = "/api/items"
MISSING = Exchange(url=f"{SHOP.origin}{API}", address="203.0.113.10", port=443, status=404)


def listening(port: int, process: str, address: str = "127.0.0.1") -> Listener:
    return Listener(address=address, port=port, family=4, process=process)


PROGRAMS = (
    listening(3002, "node"), listening(3001, "node"), listening(9100, "python3", "0.0.0.0"),
    listening(5433, "postgres"), listening(6379, "docker-proxy"), listening(8443, "nginx"),
    listening(4000, "node", "10.0.0.5"), listening(22, "app"),
)  # fmt: skip


def asked(
    monkeypatch: pytest.MonkeyPatch,
    *observations: Observation,
    target: str = "127.0.0.1:3002",
    path: str = API,
) -> list[tuple[int, str, bool]]:
    looking, asked = Looking(RecordedMachine()), list[tuple[int, str, bool]]()
    looking.options, looking.target = Options(), replace(SHOP, path=path)

    async def note(_: ProbeContext, route: SiteRoute, __: str, path: str, websocket: bool) -> None:
        asked.append((route.port, path, websocket))

    monkeypatch.setattr(other_listeners, "ask_backend", note)
    text = f"http {{ server {{ listen 443 ssl; location / {{ proxy_pass http://{target}; }} }}"
    text += " server { listen 81; location / { proxy_pass http://127.0.0.1:9100; } } }"
    seen = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
    listeners = Listeners(sockets=PROGRAMS)
    looking.observations += [seen, listeners, *observations]

    async def work() -> None:
        for _ in range(2):
            await other_listeners.listeners_read.work(looking, listeners)

    asyncio.run(work())
    return asked


def test_programs_of_http_are_asked_once_those_of_nginx_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked(monkeypatch, MISSING) == [(9100, API, False), (3001, API, False)]
    assert asked(monkeypatch, upgrade(404)) == [(9100, "/ws", True), (3001, "/ws", True)]


def test_programs_of_the_same_block_are_asked_where_nginx_looks_for_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of other blocks and those that nginx does not name are not."""
    files = "127.0.0.1:3001; } location /api/ { root /srv"
    assert asked(monkeypatch, MISSING, target=files) == [(3001, API, False)]
    assert not asked(monkeypatch, replace(MISSING, status=200), target=files)
    group = "app; } location /api/ { root /srv; } } upstream app { server 127.0.0.1:3001"
    assert asked(monkeypatch, MISSING, target=group) == [(3001, API, False)]


def test_every_program_is_asked_for_a_websocket_that_nginx_passes_to_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = "127.0.0.1:3001; } location /ws { root /srv"
    programs = [(3001, "/ws", True), (9100, "/ws", True), (3002, "/ws", True)]
    assert asked(monkeypatch, upgrade(404), target=files) == programs


def test_programs_are_asked_where_the_port_of_nginx_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad, down = replace(MISSING, status=502), UpstreamTry(
        target="http://127.0.0.1:3002", host="127.0.0.1", port=3002, failure=REFUSED
    )  # fmt: skip
    assert asked(monkeypatch, bad, down) == [(9100, API, False), (3001, API, False)]
    page = replace(bad, url=f"{SHOP.origin}/")
    assert asked(monkeypatch, page, down, path="/") == [(9100, "/", False), (3001, "/", False)]
    assert not asked(monkeypatch, replace(page, status=404), path="/")
    assert not asked(monkeypatch, bad)
    assert not asked(monkeypatch, replace(bad, status=503), down)


def test_programs_that_nginx_does_not_name_are_asked_where_its_default_page_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    welcome = replace(
        MISSING, url=f"{SHOP.origin}/", status=200, body="<title>Welcome to nginx!</title>"
    )
    empty = "127.0.0.1:9100; } location / { root /srv"
    programs = [(3001, "/", False), (3002, "/", False)]
    assert asked(monkeypatch, welcome, target=empty, path="/") == programs
    assert not asked(monkeypatch, replace(welcome, body="<title>Shop"), target=empty, path="/")


def test_programs_are_asked_for_the_websocket_of_a_location_whose_port_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody has named it: the location is made for one."""
    made = "127.0.0.1:3001; } location %s { proxy_pass http://127.0.0.1:3002;"
    made += " proxy_set_header Upgrade $http_upgrade"
    down = UpstreamTry(
        target="http://127.0.0.1:3002", host="127.0.0.1", port=3002, failure=REFUSED
    )  # fmt: skip
    programs = [(3001, "/ws", True), (9100, "/ws", True)]
    assert asked(monkeypatch, down, target=made % "/ws") == programs
    assert not asked(monkeypatch, replace(down, failure=None), target=made % "/ws")
    assert not asked(monkeypatch, down, target=made.partition(" proxy_set")[0] % "/ws")
    assert not asked(monkeypatch, down, target=made % "= /")
    (first, _) = asked(monkeypatch, down, target=made % "/socket.io/")
    assert first == (3001, "/socket.io/?EIO=4&transport=websocket", True)


def test_nobody_is_asked_without_a_fault_or_for_another_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not asked(monkeypatch, replace(MISSING, status=200))
    assert not asked(monkeypatch, replace(MISSING, url=f"{SHOP.origin}/"))
    assert not asked(monkeypatch, upgrade(401))
    # What programs have for those who run them is not for visitors.
    assert not asked(monkeypatch, answered(sheet("/metrics/a.css"), 404))
    assert asked(monkeypatch, answered(sheet("/css/a.css"), 404))
    assert not asked(monkeypatch, MISSING, target="10.0.0.9:3002")
