"""The application behind another server than nginx is asked with cookies that grow, and then that
server."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import HeaderTrial
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.probes.inside import header_limits_behind as probes
from diagnose.probes.inside import upstream_bodies
from tests.probes.inside.test_header_limits import PAGE, TOLD
from tests.support.caddy_evidence import CADDY, caddy_config
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


@pytest.mark.parametrize(("limit", "refused"), [(4096, 7500), (16384, None)])
def test_the_service_that_is_asked_first_refuses(
    monkeypatch: pytest.MonkeyPatch, limit: int, refused: int | None
) -> None:
    """Issue 5647 of homarr-labs/homarr: Authelia behind Caddy's forward_auth."""

    async def ask(_: object, url: str, fields: tuple[str, ...], *___: object) -> SimpleNamespace:
        size = sum(len(field) for field in fields if field.startswith("Cookie"))
        return SimpleNamespace(status=431 if ":9091/" in url and size > limit else 200)

    async def ask_server(*_: object) -> int:
        return 200

    monkeypatch.setattr(probes, "curl_or_unseen", ask)
    monkeypatch.setattr(probes, "status_of_server", ask_server)
    ctx = Looking(RecordedMachine())
    ctx.target = TOLD
    ctx.observations += [CADDY, PAGE]
    plain = caddy_config()
    guard = SiteRoute(path="/", target="http://127.0.0.1:9091", host="127.0.0.1", port=9091)
    guarded = replace(
        plain, sites=tuple(replace(site, guards=(guard,)) for site in plain.sites)
    )  # fmt: skip
    asyncio.run(probes.try_headers(ctx, guarded, replace(PAGE)))
    first, second, *_ = ctx.observed(HeaderTrial)
    assert (first.port, first.refused) == (3000, None)
    assert (second.port, second.refused) == (9091, refused)


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
