"""A WebSocket application behind nginx, tried without nginx: what the probe sees of it."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from diagnose.model import Observation, Target
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.net.local import LocalNet
from diagnose.parsers.nginx.config import parse
from diagnose.probes import Options
from diagnose.probes.inside.upstream_routes import UpstreamRoute, find_routes
from diagnose.probes.inside.websocket_upstream import try_websocket
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


def looking(target: Target, machine: RecordedMachine | None = None) -> Looking:
    look = Looking(machine or RecordedMachine())
    look.net, look.target = LocalNet(), target
    return look


def route(look: Looking, location: str) -> UpstreamRoute:
    """The first route of a site with this location."""
    text = f"http {{ server {{ listen {look.target.port}; {location} }} }}"
    config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
    return next(find_routes(look, config))


def tried(
    application: Callable[[], AbstractAsyncContextManager[int]],
    target: Target,
    location: str,
    outside: bool = True,
    before: Iterable[Observation] = (),
) -> Looking:
    """What is seen of an application on loopback, whose port stands for PORT in the location, and
    for 0 in the target, after what was seen `before`."""

    async def work() -> Looking:
        async with application() as port:
            look = looking(replace(target, port=target.port or port))
            look.options = Options(outside=outside)
            for observation in before:
                look.emit(observation)
            await try_websocket(look, route(look, location.replace("PORT", str(port))))
            return look

    return asyncio.run(work())


def seen(look: Looking) -> list[tuple[str, str, int | None]]:
    """By which way, how, and with which status a WebSocket was answered."""
    return [
        (upgrade.through, upgrade.variant, upgrade.status) for upgrade in look.observed(Upgrade)
    ]
