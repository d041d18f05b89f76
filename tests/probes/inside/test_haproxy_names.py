"""The names of HAProxy's servers are looked up where the site fails."""

import asyncio
from types import SimpleNamespace
from typing import Any

from diagnose.model.haproxy import ServerState
from diagnose.parsers.haproxy.config import parse
from diagnose.probes.inside.haproxy_names import with_current_addresses

TEXT = "backend app\n    server a app.internal:3000\n    server b 127.0.0.1:3001\n"
OUTPUT = "172.18.0.5      STREAM app.internal\n172.18.0.5      DGRAM\nnone x\n"


def looked_up(*states: ServerState) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    asked: list[str] = []

    async def run(*argv: str, **_: Any) -> SimpleNamespace:
        asked.append(argv[-1])
        return SimpleNamespace(out=OUTPUT)

    ctx: Any = SimpleNamespace(machine=SimpleNamespace(run=run))
    backend = parse([("/h.cfg", TEXT)]).backend("app")
    found = asyncio.run(with_current_addresses(ctx, states, backend))
    return tuple(state.now for state in found), asked


def test_a_name_is_looked_up_and_an_address_is_not() -> None:
    named = ServerState("app", "a", "UP", address="172.18.0.3:3000")
    plain = ServerState("app", "b", "UP", address="127.0.0.1:3001")
    assert looked_up(named, plain) == ((("172.18.0.5",), ()), ["app.internal"])


def test_nothing_is_looked_up_without_an_address_to_compare() -> None:
    assert looked_up(ServerState("app", "a", "UP")) == (((),), [])
    other = ServerState("other", "a", "UP", address="172.18.0.3:3000")
    assert looked_up(other) == (((),), [])
