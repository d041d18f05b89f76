"""Each server of a group is asked, if one of them may miss the page."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model.http import BrowserVisit, Exchange
from diagnose.model.requests import SessionTrial
from diagnose.net.local import LocalNet
from diagnose.probes import Options
from diagnose.probes.inside import upstream_groups
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page
from tests.support.upstreams import proxied

VISIT = BrowserVisit(url="https://shop.example.com/", address="203.0.113.10", port=443)
ONE = proxied("http://127.0.0.1:3000")
GROUP = proxied("http://shop", "upstream shop { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n")


def asked(monkeypatch: pytest.MonkeyPatch, config: Any, *answers: Exchange | BrowserVisit) -> bool:
    calls = []

    async def ask(*given: object) -> None:
        calls.append(given)

    monkeypatch.setattr(upstream_groups, "ask_application", ask)
    ctx = Looking(RecordedMachine({}))
    for answer in answers:
        ctx.emit(answer)

    async def work() -> None:
        for exchange in ctx.observed(Exchange):
            await upstream_groups.behind_a_missing_page.work(ctx, exchange, config)
        for visit in ctx.observed(BrowserVisit):
            await upstream_groups.behind_a_missing_visit.work(ctx, visit, config)

    asyncio.run(work())
    return bool(calls)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_group_is_asked_after_such_an_answer(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    assert asked(monkeypatch, GROUP, page(status))
    assert asked(monkeypatch, GROUP, page(200), replace(VISIT, status=status))


@pytest.mark.parametrize("status", [200, 403, 429, 502])
def test_nobody_is_asked_after_others(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert not asked(monkeypatch, GROUP, page(status))


def test_one_server_alone_cannot_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not asked(monkeypatch, ONE, page(404))


def sessions(shared: bool, lines: str = "", cookie: str = "JSESSIONID") -> list[SessionTrial]:
    """Ask two servers, each with its own sessions or with those of the other one too."""
    ctx = Looking(RecordedMachine())
    ctx.net, ctx.options = LocalNet(), Options()
    known: tuple[set[str], set[str]] = (set(), set())

    def serve(own: set[str]) -> Any:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            name = next((each for each in own if f"{cookie}={each}" in request), "")
            if not name:
                name = f"{len(known[0]) + len(known[1]):032d}"
                for store in known if shared else (own,):
                    store.add(name)
                head = f"Set-Cookie: {cookie}={name}; Path=/; HttpOnly\r\n"
            else:
                head = ""
            writer.write(f"HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n".encode())
            writer.close()

        return answer

    async def work() -> None:
        servers = [await asyncio.start_server(serve(own), "127.0.0.1", 0) for own in known]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        members = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        config = proxied("http://shop", f"upstream shop {{ {lines}{members} }}\n")
        begun = replace(page(200), headers=(("Set-Cookie", f"{cookie}=1; Path=/"),))
        ctx.observations += [config, begun]
        await upstream_groups.behind_a_session.work(ctx, begun, config)
        for server in servers:
            server.close()

    asyncio.run(work())
    return list(ctx.observed(SessionTrial))


def test_a_session_of_one_server_is_tried_at_the_second() -> None:
    (trial,) = sessions(shared=False)
    assert not trial.is_kept
    assert "000000" not in trial.equivalent, "a session is secret"
    (trial,) = sessions(shared=True)
    assert trial.is_kept


def test_no_session_is_begun_where_a_client_keeps_its_server() -> None:
    assert not sessions(shared=False, lines="ip_hash; ")


def test_other_cookies_are_no_sessions() -> None:
    assert not sessions(shared=False, cookie="theme")
