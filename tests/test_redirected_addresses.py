"""An address with http is judged at the https address to which it redirects."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from diagnose import engine
from diagnose.model import Failure, Report
from diagnose.model.events import Event, Started
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.net.local import LocalNet
from diagnose.parsers.target import parse_target
from diagnose.probes import Options, ProbeContext, probe
from tests.support.engine_runs import install_probes
from tests.support.front_evidence import edge_page
from tests.support.websocket_evidence import upgrade

Start = Callable[..., tuple[Report, list[Event]]]
ADDRESS = "203.0.113.10"
HTTPS = "https://shop.example.com/start"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Start:
    """A site whose http address redirects, and whose https address may refuse."""

    def start(
        text: str = "http://shop.example.com/",
        location: str = HTTPS,
        remark: str = " (there)",
        is_refused: bool = True,
        status: int = 301,
        upgrades: bool = True,
    ) -> tuple[Report, list[Event]]:
        async def visit(ctx: ProbeContext) -> None:
            target = ctx.target
            is_closed = target.uses_tls and is_refused
            refused = Failure("refused", "Connection refused") if is_closed else None
            ctx.emit(Connection(address=ADDRESS, port=target.port, family=4, failure=refused))
            if refused is None:
                page = _page(target.url, target.port, 200 if target.uses_tls else status)
                ctx.emit(replace(page, headers=(("Location", location),)))
            if not upgrades and not target.uses_tls:
                own = upgrade(505, address=ADDRESS)
                ctx.emit(replace(own, url="ws://shop.example.com/ws", port=80))

        install_probes(monkeypatch, probe()(visit))
        events: list[Event] = []
        options = Options(inside=False, redirect_remark=remark)
        work = engine.run(parse_target(text), options, LocalNet(), events.append)
        return asyncio.run(work), events

    return start


def _page(url: str, port: int, status: int) -> Exchange:
    return edge_page(status, url=url, address=ADDRESS, port=port)


def test_a_fault_of_the_https_address_is_named_for_the_http_address(run: Start) -> None:
    report, events = run()
    target = report.evidence.target
    assert (target.url, target.input) == (HTTPS, "http://shop.example.com/")
    assert target.read_as == f"{HTTPS} (there)"
    assert [finding.check.id for finding in report.findings] == ["tcp.refused"]
    started = [event.target.port for event in events if isinstance(event, Started)]
    assert started == [80, 443]


def test_a_websocket_that_the_https_address_opens_is_no_fault(run: Start) -> None:
    """A proxy does not pass the Upgrade on at the http address, and no page opens it there."""
    report, _ = run(is_refused=False, upgrades=False)
    assert report.evidence.target.url == HTTPS
    assert not report.findings
    report, _ = run(location="https://other.example.com/", is_refused=False, upgrades=False)
    assert [finding.check.id for finding in report.findings] == ["websocket.not-upgraded"]


@pytest.mark.parametrize(
    "more",
    [
        {"is_refused": False},
        {"remark": ""},
        {"location": "https://other.example.com/"},
        {"location": "http://shop.example.com/start"},
        {"location": "https://shop.example.com:80/"},
        {"status": 200},
        {"text": "http://shop.example.com/.well-known/acme-challenge/x"},
    ],
)
def test_the_http_address_itself_is_judged(run: Start, more: dict[str, object]) -> None:
    report, events = run(**more)
    assert not report.evidence.target.uses_tls
    assert sum(isinstance(event, Started) for event in events) == 1
