"""Against real servers on loopback: an application, and a door in front of it."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Observation
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import upstream_connect
from tests.support.check_evidence import CHAT, SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.servers import refusing_application, websocket_application


def config(location: str, port: int, upstream_port: int) -> NginxConfig:
    text = f"http {{ server {{ listen 127.0.0.9:{port}; listen {port}; {location} }} }}"
    return NginxConfig(
        path="/n.conf", main=parse(text.replace("PORT", str(upstream_port)), "/n.conf")
    )


def seen(ctx: Looking, configuration: NginxConfig) -> Coroutine[Any, Any, None]:
    ctx.net = LocalNet()

    async def work() -> None:
        await upstream_connect.applications.work(ctx, configuration)

    return work()


HEADERS = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'


def shown(ctx: Looking) -> list[tuple[str, str, bool]]:
    return [
        (upgrade.through, upgrade.variant, upgrade.accepted) for upgrade in ctx.observed(Upgrade)
    ]


def test_an_application_that_listens_is_connected_to_and_one_that_does_not_refuses() -> None:
    machine = RecordedMachine()
    ctx = Looking(machine)

    async def work() -> None:
        async with websocket_application() as port:
            text = "location / { proxy_pass http://127.0.0.1:PORT; }"
            await seen(ctx, config(text, 443, port))
        await seen(ctx, config(text, 443, port))

    asyncio.run(work())
    up, down = ctx.observed(UpstreamTry)
    assert up.failure is None
    assert down.failure
    assert down.failure.kind == "refused"
    assert not ctx.observed(Upgrade)
    assert any("listening" in command for command in machine.commands_run)


def test_a_websocket_that_was_asked_for_is_tried_directly() -> None:
    ctx = Looking(RecordedMachine())
    ctx.target = CHAT

    async def work() -> None:
        async with websocket_application() as port:
            text = "location / { proxy_pass http://127.0.0.1:PORT; proxy_http_version 1.1; }"
            await seen(ctx, config(text, 443, port))

    asyncio.run(work())
    assert shown(ctx) == [("application", "normal", True)]


@pytest.mark.parametrize("location", ["/live", "/ws"])
def test_a_websocket_that_the_configuration_proxies_is_tried_by_both_doors(location: str) -> None:
    """The application plays the front door as well: it listens where nginx would."""
    ctx = Looking(RecordedMachine())

    async def work() -> None:
        async with websocket_application() as port:
            ctx.target = replace(SHOP, scheme="http", port=port)
            headers = HEADERS if location == "/live" else ""
            text = f"location {location} {{ proxy_pass http://127.0.0.1:PORT; {headers} }}"
            await seen(ctx, config(f"{text} proxy_http_version 1.1;", port, port))

    asyncio.run(work())
    assert ("front", "normal", True) in shown(ctx)


def test_a_path_at_which_the_application_takes_no_websocket_is_not_tried_in_front() -> None:
    ctx = Looking(RecordedMachine())

    async def work() -> None:
        async with refusing_application() as port:
            text = f"location / {{ proxy_pass http://127.0.0.1:PORT; {HEADERS} }}"
            await seen(ctx, config(text, 443, port))

    asyncio.run(work())
    assert shown(ctx) == [("application", "normal", False)]


def test_nothing_is_said_of_applications_where_nothing_is_proxied() -> None:
    ctx = Looking(RecordedMachine())
    asyncio.run(seen(ctx, config("location / { root /x; }", 443, 0)))
    everything: list[Observation] = ctx.observations
    assert not everything
