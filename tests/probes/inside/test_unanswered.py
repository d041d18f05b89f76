"""Each command of the readers of web servers that gives no answer leaves an entry "not seen"."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult, Machine
from diagnose.model import Failure, Observation, Unseen
from diagnose.model.http import Exchange
from diagnose.model.nginx import KeyFile
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import (
    backend_visits,
    nginx,
    nginx_certificates,
    server_logs,
    web_servers,
)
from diagnose.probes.inside.unanswered import reason_of
from diagnose.probes.inside.web_servers import apache, caddy, haproxy
from diagnose.probes.inside.web_servers.processes import Candidate
from diagnose.probes.inside.web_servers.readers import Reader
from tests.support.caddy_evidence import CONFIG, SITE, document
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

SLOW = CommandResult((), None, "", "", 8.0, Failure("timeout", "no end after 8 s"))
VERSIONS = {
    "/usr/bin/caddy version": "2.6.2\n",
    "/usr/sbin/haproxy -v": "HAProxy version 3.0.11\n",
    "/usr/sbin/apache2 -V": 'Server version: Apache/2.4.65\n -D HTTPD_ROOT="/etc/apache2"\n'
    ' -D SERVER_CONFIG_FILE="apache2.conf"\n',
}
CADDY_TEST = f"caddy adapt --config {CONFIG} --adapter caddyfile"
ADMIN = "curl -sf --noproxy '*' -m 4 http://localhost:2019/config/"
CASES = [
    (caddy.READER, "/usr/bin/caddy", "/usr/bin/caddy version", "Caddy"),
    (haproxy.READER, "/usr/sbin/haproxy", "/usr/sbin/haproxy -v", "HAProxy"),
    (apache.READER, "/usr/sbin/apache2", "/usr/sbin/apache2 -V", "Apache"),
]


class Slow(RecordedMachine):
    """A machine on which every command that is not recorded does not end in time."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        result = await super().run(*argv, timeout=timeout)
        return SLOW if result.status is None else result


def run(probe: Any, looking: Looking, observation: Observation) -> None:
    asyncio.run(probe.work(looking, observation))


def missing_parts(ctx: Looking) -> set[str]:
    return {unseen.what for unseen in ctx.observed(Unseen)}


@pytest.mark.parametrize(("reader", "program", "command", "title"), CASES)
def test_a_version_that_is_not_said(reader: Reader, program: str, command: str, title: str) -> None:
    ctx = Looking(Slow({}))
    assert asyncio.run(reader.describe(ctx, Candidate("", program))) is None
    (unseen,) = ctx.observed(Unseen)
    assert (unseen.what, unseen.why, unseen.enable) == (
        title,
        "the command did not end in time",
        command,
    )


@pytest.mark.parametrize(("reader", "program", "command", "title"), CASES)
def test_a_test_of_the_configuration_that_does_not_end(
    reader: Reader, program: str, command: str, title: str
) -> None:
    ctx = Looking(Slow(VERSIONS, {CONFIG: SITE}))

    async def work() -> None:
        server = await reader.describe(ctx, Candidate("", program))
        assert server
        assert await reader.run_test(ctx, replace(server, test=(program, "-t"))) is None

    asyncio.run(work())
    assert f"{title}'s configuration test" in missing_parts(ctx)


def read(reader: Reader, program: str, machine: Machine, **changes: object) -> Looking:
    ctx = Looking(machine)

    async def work() -> None:
        server = await reader.describe(ctx, Candidate("", program))
        assert server
        await reader.read_config(ctx, replace(server, **changes))  # type: ignore[arg-type]

    asyncio.run(work())
    return ctx


def test_caddys_files_that_are_not_translated_in_time() -> None:
    ctx = read(caddy.READER, "/usr/bin/caddy", Slow(VERSIONS, {CONFIG: SITE}))
    assert [unseen.why for unseen in ctx.observed(Unseen)] == ["the command did not end in time"]
    assert missing_parts(ctx) == {"Caddy's configuration"}


def test_caddys_running_configuration_and_log_that_do_not_come() -> None:
    acme = json.dumps(document("shop.example.com", tls="acme"))
    machine = Slow(VERSIONS | {CADDY_TEST: acme}, {CONFIG: SITE})
    ctx = read(caddy.READER, "/usr/bin/caddy", machine, ports=(443, 2019), unit="caddy")
    assert missing_parts(ctx) == {"the configuration with which Caddy runs", "Caddy's log"}


def test_apaches_list_and_a_file_that_may_not_be_read() -> None:
    main = "/etc/apache2/apache2.conf"
    denied = Failure("denied", "Permission denied", 13)
    files: dict[str, str | Failure] = {
        main: "Include conf.d/a.conf\n",
        "/etc/apache2/conf.d/a.conf": denied,
    }
    ctx = read(apache.READER, "/usr/sbin/apache2", Slow(VERSIONS, files))
    parts = {"Apache's own list of its virtual hosts", "/etc/apache2/conf.d/a.conf"}
    assert parts <= missing_parts(ctx)


def test_a_list_of_servers_that_does_not_come_is_said_once() -> None:
    ctx = Looking(Slow({}))
    socket = Listener(address="0.0.0.0", port=443, family=4, pid=10, process="caddy")
    listeners = Listeners(sockets=(socket,))
    run(web_servers.web_servers, ctx, listeners)
    run(web_servers.web_servers, ctx, listeners)
    assert [unseen.what for unseen in ctx.observed(Unseen)] == ["the web servers other than nginx"]


def test_a_list_of_nginx_and_a_key_that_do_not_come_in_time() -> None:
    looking = looked(Slow({}), nginx.nginx)
    assert [unseen.what for unseen in looking.observed(Unseen)] == ["nginx"]
    ctx = Looking(Slow({}))
    asyncio.run(nginx_certificates._observe_key(ctx, "/etc/ssl/shop.key"))
    assert missing_parts(ctx) == {"whether /etc/ssl/shop.key belongs to its certificate"}
    assert not ctx.observed(KeyFile)


def test_a_server_that_cannot_be_entered_is_said_elsewhere() -> None:
    assert not looked(RecordedMachine({}), nginx.nginx).observed(Unseen)


def test_a_log_and_an_application_that_do_not_answer() -> None:
    log = "/var/log/apache2/error.log"
    config = apache_config(HTTPS.replace("</V", f"    ErrorLog {log}\n</V"))
    page = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
    ctx = Looking(Slow({}))
    for each in (APACHE, config, page):
        ctx.emit(each)
    run(server_logs.after_the_configuration, ctx, config)
    run(backend_visits.visits_of_config, ctx, config)
    assert log in missing_parts(ctx)
    assert any(what.startswith("the answer of http://") for what in missing_parts(ctx))


def test_an_answer_is_not_called_missing() -> None:
    error = Failure("exit", "status 1")
    assert reason_of(CommandResult((), 1, "", "", 0.0, error)) == "the command failed"
    denied = CommandResult((), 1, "", "open x: Permission denied", 0.0, error)
    assert reason_of(denied) == "the command is not permitted"
    assert reason_of(CommandResult((), 127, "", "", 0.0, error)) == "the program is not installed"
    ctx = Looking(RecordedMachine(VERSIONS))
    assert asyncio.run(caddy.READER.describe(ctx, Candidate("caddy", "/usr/bin/caddy")))
    assert not ctx.observed(Unseen)
