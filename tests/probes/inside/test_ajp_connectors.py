"""Tomcat's file is read where nothing listens for AJP, and never on a healthy site."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import own_settings as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import HTTPS, LISTENING, apache_config

WORDS = shlex.join(("sh", "-c", probes.SCRIPT, "sh", "@-Dcatalina.base="))
PLACE = (
    "process 30 java\nfolder /\nwords java\037-Dcatalina.base=/var/lib/tomcat9\037start\037\n"
    "unit tomcat9.service\n"
)
CONNECTOR = '<Connector port="8009" protocol="AJP/1.3" />\n'
BY_HTTP = '<Connector port="8080" protocol="HTTP/1.1" />\n'
SITE = HTTPS.replace("/ http://127.0.0.1:3000/", "/ ajp://127.0.0.1:8009/")
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
TOMCAT = Listener(address="127.0.0.1", port=8009, family=4, pid=30, process="java")


def look(
    text: str = CONNECTOR, page: Exchange = PAGE, site: str = SITE, printed: str = PLACE,
    listening: Listeners = LISTENING,
) -> list[ReadSetting]:  # fmt: skip
    machine = RecordedMachine(
        {WORDS: CommandResult((), 0, printed, "", 0.0)},
        {"/var/lib/tomcat9/conf/server.xml": text},
    )
    looking: Any = Looking(machine)
    listeners = looking.emit(listening)
    looking.emit(apache_config(site, modules=("ssl", "proxy", "proxy_ajp")))
    exchange = looking.emit(page)
    probe: Any = probes.after_answer
    for _ in range(2):
        asyncio.run(probe.work(looking, exchange, listeners))
    return list(looking.observed(ReadSetting))


def test_the_connector_and_the_service_are_read_once() -> None:
    (read,) = look()
    assert (read.key, read.unit, read.number) == ("secretRequired", "tomcat9.service", 1)
    assert 'secretRequired="false"' in read.new


def test_the_port_for_http_where_it_has_no_connector() -> None:
    (read,) = look(BY_HTTP)
    assert (read.key, read.values, read.new) == ("port", ("8080",), "")


@pytest.mark.parametrize(
    "changes",
    [
        {"page": replace(PAGE, status=200)},
        {"site": HTTPS},
        {"listening": Listeners(sockets=(*LISTENING.sockets, TOMCAT))},
        {"printed": ""},
        {"text": CONNECTOR.replace("port", 'secret="s3" port')},
        {"text": ""},
    ],
)
def test_nothing_is_read_or_told(changes: dict[str, Any]) -> None:
    assert look(**changes) == []
