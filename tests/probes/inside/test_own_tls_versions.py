"""The versions of TLS of a program that has the site's port."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model.applications import ReadSetting
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.frameworks import framework_variables
from diagnose.probes.inside import own_tls_versions as probes
from diagnose.probes.inside.own_settings import SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.tls_evidence import WELL, alerted, shake

JAVA = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="java")
PLACE = "process 9 java\nfolder /srv/shop\nwords java\037-jar\037shop.jar\nunit shop.service\n"
FILE = "/srv/shop/application.properties"
OLD = "server.port=443\nserver.ssl.enabled-protocols=TLSv1.1\n"


def look(
    *handshakes: Handshake, text: str = OLD, listener: Listener = JAVA
) -> tuple[ReadSetting, ...]:
    words = shlex.join(("sh", "-c", SCRIPT, "sh", "443", *framework_variables()))
    answers = {words: CommandResult((), 0, PLACE, "", 0.0)}
    looking: Any = Looking(RecordedMachine(answers, {FILE: text}))
    listeners = looking.emit(Listeners(sockets=(listener,)))

    async def work() -> None:
        for handshake in handshakes:
            await probes.own_tls_versions.work(looking, handshake, listeners)

    asyncio.run(work())
    return tuple(looking.observed(ReadSetting))


@pytest.mark.parametrize("handshake", [alerted(70), shake("old", protocol="TLSv1.1")])
def test_the_setting_is_read_once(handshake: Handshake) -> None:
    (read,) = look(handshake, handshake)
    assert (read.topic, read.place, read.unit) == ("tls_versions", f"{FILE}:2", "shop.service")
    assert read.new == "server.ssl.enabled-protocols=TLSv1.1,TLSv1.2,TLSv1.3"


def test_nothing_is_read_without_this_refusal() -> None:
    assert not look(WELL, alerted(40))
    assert not look(alerted(70), text="server.ssl.enabled-protocols=TLSv1.2\n")
    assert not look(alerted(70), listener=replace(JAVA, process="nginx"))
    assert not look(replace(alerted(70), port=8443))
