import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from diagnose.model import Observation
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.probes.inside import program_certificates as probes
from tests.checks.certificate.test_renewed_elsewhere import NEW
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.renewed_certificate import OLD, SERVED

NODE = Listener(address="0.0.0.0", port=443, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(NODE,))


def looks(monkeypatch: pytest.MonkeyPatch, *observations: Observation) -> int:
    """How often certificates are looked for, after all of this."""
    asked: list[Any] = []

    async def emit(ctx: Any, current: Any) -> None:
        asked.append(current)

    monkeypatch.setattr(probes, "emit_replacements", emit)
    looking = Looking(RecordedMachine({}))
    looking.observations += observations

    async def work() -> None:
        for handshake in looking.observed(Handshake):
            await probes.renewed.work(looking, handshake, looking.observed(Listeners)[0])

    asyncio.run(work())
    return len(asked)


def test_it_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks(monkeypatch, LISTENING, SERVED) == 1
    assert looks(monkeypatch, LISTENING, SERVED, replace(SERVED, address="2001:db8::10")) == 1


def test_it_does_not_look_for_web_servers_or_good_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("nginx", "caddy", "docker-proxy", None):
        other = Listeners(sockets=(replace(NODE, process=name),))
        assert looks(monkeypatch, other, SERVED) == 0
    far = replace(NEW, not_after=OLD.not_after and OLD.not_after + timedelta(days=3650))
    assert looks(monkeypatch, LISTENING, replace(SERVED, chain=(far,), failure=None)) == 0
