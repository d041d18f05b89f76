"""The application behind another server than nginx is asked with cookies that grow, and then that
server."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes.inside import header_limits_behind as probes
from diagnose.probes.inside import upstream_bodies
from tests.probes.inside.test_header_limits import PAGE, TOLD
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, apache_config


def trials(
    monkeypatch: pytest.MonkeyPatch, application: int, server: int
) -> tuple[HeaderTrial, ...]:
    async def ask(_: object, __: str, fields: tuple[str, ...], *___: object) -> SimpleNamespace:
        size = sum(len(field) for field in fields if field.startswith("Cookie"))
        return SimpleNamespace(status=200 if size <= application else 431)

    async def ask_server(_: object, __: Exchange, ___: str, size: int) -> int:
        return 200 if size <= min(application, server) else 400

    monkeypatch.setattr(probes, "curl_or_unseen", ask)
    monkeypatch.setattr(probes, "status_of_server", ask_server)
    ctx = Looking(RecordedMachine())
    ctx.target = TOLD
    ctx.observations += [APACHE, PAGE]
    asyncio.run(probes.try_headers(ctx, apache_config(), replace(PAGE)))
    return ctx.observed(HeaderTrial)


def test_the_application_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    (trial,) = trials(monkeypatch, 4096, 8190)
    assert (trial.server, trial.served, trial.refused, trial.status) == ("", 3600, 7500, 431)


def test_the_server_refuses_what_its_application_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = trials(monkeypatch, 65536, 8190)
    assert (first.server, first.refused) == ("", None)
    assert (second.server, second.refused, second.status) == ("apache", 15500, 400)


def test_both_take_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [trial.refused for trial in trials(monkeypatch, 65536, 65536)] == [None, None]


@pytest.mark.parametrize(
    ("server", "path", "is_tried"),
    [("apache", "/", True), ("nginx", "/", False), ("apache", "/other", False)],
)
def test_a_line_of_the_log_is_enough(
    monkeypatch: pytest.MonkeyPatch, server: str, path: str, is_tried: bool
) -> None:
    tried = list[WebServerConfig]()

    async def try_headers(_: object, config: WebServerConfig, __: Exchange) -> None:
        tried.append(config)

    monkeypatch.setattr(probes, "try_headers", try_headers)
    ctx = Looking(RecordedMachine())
    ctx.target = replace(TOLD, symptom=None)
    ctx.observations += [APACHE, PAGE]
    failure = FailedRequests(
        file="/a.log", method="GET", path=path, status=431, written="now", server=server
    )

    async def work() -> None:
        await upstream_bodies.header_refused_behind.work(ctx, failure, apache_config())

    asyncio.run(work())
    assert bool(tried) is is_tried
