"""The port at which nginx serves the site, where the target's own port refuses."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model import Failure, Observation, Unseen, Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import other_ports
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

BLOCK = "http { server { listen 8443 ssl; server_name shop.example.com; } }"
REFUSED = Connection(
    address="203.0.113.10", port=443, family=4, failure=Failure("refused", "Connection refused")
)


def listener(address: str, port: int) -> Listener:
    return Listener(vantage=Vantage.SERVER, address=address, port=port, family=4)


OPEN = Listeners(vantage=Vantage.SERVER, sockets=(listener("0.0.0.0", 8443),))


def unseen(*observations: Observation, text: str = BLOCK) -> list[tuple[str, str, str]]:
    ctx = Looking(RecordedMachine())
    config = NginxConfig(path="/n.conf", main=parse(text, "/n.conf"))
    ctx.observations += [config, *observations]

    async def work() -> None:
        for connection in ctx.observed(Connection):
            await other_ports.after_the_connection.work(ctx, connection, config)
        for listeners in ctx.observed(Listeners):
            await other_ports.after_the_listeners.work(ctx, listeners, config)

    asyncio.run(work())
    return [(each.what, each.why, each.enable) for each in ctx.observed(Unseen)]


def test_the_other_port_is_told_once() -> None:
    url = "https://shop.example.com:8443/"
    assert unseen(REFUSED, REFUSED, OPEN) == [
        (f"the requests at {url}", "this run asks another port", f"diagnose {url}")
    ]


@pytest.mark.parametrize(
    "observations",
    [
        (REFUSED,),
        (OPEN,),
        (replace(REFUSED, failure=None), REFUSED, OPEN),
        (replace(REFUSED, failure=Failure("timeout", "")), OPEN),
        (replace(REFUSED, port=80), OPEN),
        (REFUSED, replace(OPEN, sockets=(listener("127.0.0.1", 8443),))),
        (REFUSED, replace(OPEN, sockets=(*OPEN.sockets, listener("0.0.0.0", 443)))),
    ],
)
def test_nothing_is_told_otherwise(observations: tuple[Observation, ...]) -> None:
    assert unseen(*observations) == []


def test_nothing_is_told_of_another_name_or_of_http() -> None:
    assert unseen(REFUSED, OPEN, text=BLOCK.replace("shop", "blog")) == []
    assert unseen(REFUSED, OPEN, text=BLOCK.replace(" ssl", "")) == []


def test_certificates_are_looked_for_once_where_the_port_refuses() -> None:
    def commands(*observations: Observation) -> list[str]:
        machine = RecordedMachine()
        ctx = Looking(machine)
        config = NginxConfig(path="/etc/nginx/nginx.conf", main=())
        ctx.observations += [config, *observations]

        async def work() -> None:
            for connection in ctx.observed(Connection):
                await other_ports.after_the_connection.work(ctx, connection, config)

        asyncio.run(work())
        return [command for command in machine.commands_run if "letsencrypt" in command]

    assert len(commands(REFUSED, REFUSED, OPEN)) == 1
    assert commands(replace(REFUSED, failure=None), OPEN) == []
    assert commands(REFUSED) == []
