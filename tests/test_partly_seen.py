"""Real servers on loopback of which a run sees only a part: none of them is called healthy."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from diagnose import engine
from diagnose.checking.verdicts import layer_statuses, verdict
from diagnose.cli.demo import embedded as demo
from diagnose.model import Report
from diagnose.model.events import Event, Observed
from diagnose.model.http import Exchange
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.probes import Options
from tests.support.command_line import diagnose
from tests.support.servers import tls_server


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_server_that_never_answers_within_the_time_allowed(silent: int, scheme: str) -> None:
    target = f"{scheme}://127.0.0.1:{silent}/"
    result = diagnose("--timeout", "1", "--json", "--outside", target)
    told = json.loads(result.stdout)
    judged = told["verdict"]
    assert (result.returncode, judged["exit_code"], judged["status"]) == (3, 3, "unknown")
    assert f"127.0.0.1:{silent}" in judged["summary"]
    rest = {
        "what": "the rest of the run",
        "why": "the time allowed was over",
        "enable": f"diagnose {target} --outside --timeout 30",
    }
    assert rest in told["unknown"]
    assert all(thing["enable"] for thing in told["unknown"])
    states = {layer["layer"]: layer["status"] for layer in told["layers"]}
    assert states["http"] in {"unknown", "skipped"}


@pytest.mark.parametrize("form", ["text", "plain", "html", "markdown"])
def test_every_writer_says_that_it_is_not_known(silent: int, form: str) -> None:
    words = ("--timeout", "1", "--outside", "--format", form, f"http://127.0.0.1:{silent}/")
    for lang, word in (("en", "could not be judged"), ("zh", "无法判断")):
        result = diagnose("--lang", lang, *words)
        assert result.returncode == 3
        assert word in result.stdout
        assert "healthy" not in result.stdout


def test_a_server_that_shakes_hands_and_never_answers(tmp_path: Path) -> None:
    authority = trustme.CA()
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with tls_server(context) as port:
        target = f"https://127.0.0.1:{port}/"
        words = ("--json", "--outside", "--cafile", str(roots), "--timeout", "1.2", target)
        told = json.loads(diagnose(*words).stdout)
    states = {layer["layer"]: layer["status"] for layer in told["layers"]}
    assert told["verdict"]["status"] in {"unknown", "critical"}
    assert states["http"] != "ok"
    assert "healthy" not in told["verdict"]["summary"]


class _Dropping(demo._Net):
    """Port 80 is open, and what is sent to port 443 is dropped."""

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        if port == 443:
            await asyncio.Event().wait()
        return await super().connect(address, port, timeout, ttl, mss)


@contextlib.asynccontextmanager
async def dropping() -> AsyncIterator[_Dropping]:
    server = await asyncio.start_server(demo._redirect, "127.0.0.1", 0)
    async with server:
        yield _Dropping({80: server.sockets[0].getsockname()[1]})


def unseen_at_443(report: Report) -> None:
    states = dict(layer_statuses(report))
    assert verdict(report).status == "unknown"
    assert states["tcp"] == "unknown"
    assert states["http"] == "unknown"
    assert [piece.step for piece in verdict(report).missing][:1] == ["connection"]


def test_port_80_answers_and_443_is_dropped_until_the_deadline() -> None:
    async def go() -> Report:
        async with dropping() as net:
            return await engine.run(demo.TARGET, Options(inside=False, timeout=2.0), net)

    report = asyncio.run(go())
    assert verdict(report).unfinished == ("deadline",)
    if report.evidence.good(Exchange):  # else this machine had no time for port 80 either
        unseen_at_443(report)
    assert verdict(report).exit_status == 3


def test_port_80_answers_and_somebody_presses_ctrl_c() -> None:
    async def go() -> Report:
        answered = asyncio.Event()
        purposes = {"plain", "path"}

        def sink(event: Event) -> None:
            """All that port 80 is asked has been answered: only port 443 is waited for."""
            if isinstance(event, Observed) and isinstance(event.observation, Exchange):
                purposes.discard(event.observation.purpose)
            if not purposes:
                answered.set()

        async with dropping() as net:
            options = Options(inside=False)
            task = asyncio.ensure_future(engine.run(demo.TARGET, options, net, sink))
            await answered.wait()
            task.cancel(2)
            return await task

    report = asyncio.run(go())
    assert (report.interrupted, report.signal) == (True, 2)
    unseen_at_443(report)
