"""The application, asked twice on one connection."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Symptom
from diagnose.model.backends import KeptConnection
from diagnose.model.http import Exchange
from diagnose.probes.inside import kept_connections as probes
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

FIRST = "HTTP/1.1 200 OK\r\n\r\nanswered 200 1 0.001\n"
TOLD = replace(SHOP, symptom=Symptom("upstream-closed", "upstream prematurely closed connection"))


class Application(RecordedMachine):
    """Gives the second request of a connection this answer."""

    def __init__(self, second: str) -> None:
        super().__init__({})
        self.second = second

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        is_twice = argv.count("/dev/null") == 2
        return CommandResult(argv, 0, FIRST + (self.second if is_twice else ""), "", 0.0)


async def looking_at(looking: Any, page: Exchange) -> None:
    await probes.after_a_page.work(looking, page)


def asked(
    second: str, page: Exchange, told: bool = False, text: str = HTTPS
) -> tuple[list[KeptConnection], list[str]]:
    machine = Application(second)
    looking: Any = Looking(machine)
    if told:
        looking.target = TOLD
    looking.observations += [APACHE, apache_config(text), page]
    asyncio.run(looking_at(looking, page))
    asyncio.run(looking_at(looking, page))
    return list(looking.observed(KeptConnection)), machine.commands_run


def test_a_silent_second_request_is_sent_again_on_a_connection_of_its_own() -> None:
    (kept,), commands = asked("answered 000 0 3.0\n", replace(ANSWER, status=502))
    assert kept.hangs
    assert (kept.target, kept.path, kept.waited) == ("http://127.0.0.1:3000", "/", 3.0)
    assert len(commands) == 2
    assert "Host: 127.0.0.1:3000" in kept.equivalent, "as Apache sends it"


def test_the_application_gets_the_fields_that_the_server_sends() -> None:
    more = 'ProxyPreserveHost On\n  RequestHeader set X-Script-Name "/shop"'
    text = HTTPS.replace("  ProxyPass ", f"  {more}\n  ProxyPass ", 1)
    (kept,), _ = asked("answered 000 0 3.0\n", replace(ANSWER, status=502), text=text)
    assert "Host: shop.example.com" in kept.equivalent
    assert "X-Script-Name: /shop" in kept.equivalent


def test_an_answered_second_request_is_not_sent_again() -> None:
    (kept,), commands = asked(FIRST.replace("200 1", "200 0"), replace(ANSWER, status=504))
    assert not kept.hangs
    assert len(commands) == 1


def test_nothing_is_asked_of_a_healthy_site() -> None:
    assert asked("", ANSWER) == ([], [])
    kept, commands = asked("answered 000 0 3.0\n", ANSWER, told=True)
    assert kept
    assert commands
