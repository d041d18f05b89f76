"""The header of the PROXY protocol in the access log."""

import asyncio
import shlex
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure, Vantage
from diagnose.model.cloud import RefusedHealthCheck
from diagnose.model.server import Interface
from diagnose.model.tcp import ProxyHeaderRequest
from diagnose.model.tls import Handshake
from diagnose.probes.inside.log_texts import READ_SCRIPT
from diagnose.probes.inside.proxy_headers import (
    after_nginx,
    after_the_handshake,
    read_health_checks,
)
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine
from tests.support.tls_evidence import shake

FRONT, OWN, LOG = "203.0.113.80", "203.0.113.10", "/var/log/nginx/access.log"
PLAIN = Failure("protocol", "wrong version number")
LINE = (
    f'{FRONT} - - [01/Dec/2026:18:38:53 +0000] "PROXY TCP4 192.0.2.7 {FRONT} 3796 443" 400 150 "-"'
)
LOGGED = f"now 1796150340 +0000 0\nlog\n {LINE}\n {LINE}\n\n"


def look(handshake: Handshake) -> tuple[ProxyHeaderRequest, ...]:
    asked = ("sh", "-c", READ_SCRIPT, "sh", LOG)
    machine: Any = RecordedMachine({shlex.join(asked): CommandResult(asked, 0, LOGGED, "", 0.0)})
    machine.via = "local"
    looking: Any = Looking(machine)
    nic = looking.emit(Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=(OWN,)))
    read, visit = looking.emit(config()), looking.emit(handshake)

    async def work() -> None:
        await after_the_handshake.work(looking, visit, nic)
        await after_nginx.work(looking, read, visit)

    asyncio.run(work())
    return tuple(looking.observed(ProxyHeaderRequest))


def test_the_log_is_read_once_after_a_handshake_with_another_machine_failed() -> None:
    (request,) = look(shake(address=FRONT, failure=PLAIN))
    assert (request.sender, request.visitor, request.port) == (FRONT, "192.0.2.7", 443)
    assert (request.times, request.file) == (2, LOG)


@pytest.mark.parametrize(
    "handshake",
    [shake(address=FRONT), shake(address=OWN, failure=PLAIN)],
    ids=["it is well", "its own address"],
)
def test_the_log_is_not_read_otherwise(handshake: Handshake) -> None:
    assert not look(handshake)


def test_health_checks_of_the_log_are_read_once() -> None:
    lines = "".join(
        f' {FRONT} - - [01/Dec/2026:18:38:{second} +0000] "GET /up HTTP/1.0" 404 150 "-" "-"\n'
        for second in (10, 20, 30, 40)
    )
    asked = ("sh", "-c", READ_SCRIPT, "sh", LOG)
    text = f"now 1796150340 +0000 0\nlog\n{lines}\n"
    machine: Any = RecordedMachine({shlex.join(asked): CommandResult(asked, 0, text, "", 0.0)})
    looking: Any = Looking(machine)
    looking.emit(config())

    async def work() -> None:
        await read_health_checks(looking)
        await read_health_checks(looking)

    asyncio.run(work())
    (check,) = looking.observed(RefusedHealthCheck)
    assert (check.sender, check.path, check.status, check.times) == (FRONT, "/up", 404, 4)
