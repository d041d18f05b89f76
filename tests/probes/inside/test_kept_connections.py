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
from tests.support import nginx_evidence
from tests.support.check_evidence import SHOP
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

KEPT = "upstream app { server 127.0.0.1:3000; keepalive 8; }\n" + nginx_evidence.SITE.replace(
    "http://127.0.0.1:3000;", "http://app;"
).replace(
    "proxy_set_header Host", "proxy_set_header Connection close;\n        proxy_set_header Host"
)
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


class Strict(RecordedMachine):
    """Refuses what follows "Connection: close" on a connection that it keeps."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        second = "400 0" if "Connection: close" in argv else "200 0"
        more = FIRST.replace("200 1", second) if argv.count("/dev/null") == 2 else ""
        return CommandResult(argv, 0, FIRST + more, "", 0.0)


def asked_as_nginx(text: str, page: Exchange, words: str = "") -> list[KeptConnection]:
    looking: Any = Looking(Strict({}))
    if words:
        looking.target = replace(SHOP, symptom=Symptom("status", words, number=400))
    looking.observations += [nginx_evidence.RUNNING, nginx_evidence.config(text), page]
    asyncio.run(looking_at(looking, page))
    kept = list(looking.observed(KeptConnection))
    assert kept or not looking.machine.commands_run
    return kept


def test_after_a_400_nginx_close_is_sent_on_a_connection_that_it_keeps() -> None:
    for page, words in ((replace(ANSWER, status=400), ""), (ANSWER, "400 now and then")):
        (kept,) = asked_as_nginx(KEPT, page, words)
        assert kept.refuses
        assert (kept.second, kept.fresh, kept.unclosed) == (400, 200, 200)
    assert not asked_as_nginx(KEPT, ANSWER)
    assert not asked_as_nginx(KEPT.replace("close", '""'), replace(ANSWER, status=400))
    assert not asked_as_nginx(KEPT.replace("keepalive 8;", ""), replace(ANSWER, status=400))
