import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation, Vantage
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import backend_schemes as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, apache_config

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
PLAIN = replace(PAGE, body="<a href=http://shop.example.com/next>Next</a>")
REFUSED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="POST", path="/login",
    status=403, written="", is_from_page=True,
)  # fmt: skip
CONFIG = apache_config()


class Application(RecordedMachine):
    """Sets a Secure cookie and writes https: addresses where it is told of https."""

    def __init__(self) -> None:
        super().__init__({})

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        head = "< HTTP/1.1 200 OK\r\n"
        if "X-Forwarded-Proto: https" in argv:
            head += "< Set-Cookie: sid=1; Path=/; Secure\r\n< Set-Cookie: theme=1\r\n"
            return CommandResult(argv, 0, "https://shop.example.com/next", head, 0.0)
        return CommandResult(argv, 0, "http://shop.example.com/next", head, 0.0)


def ask(*before: Observation, symptom: Symptom | None = None) -> list[BackendAnswer]:
    looking: Any = Looking(Application())
    looking.target = replace(looking.target, symptom=symptom)
    looking.observations += [APACHE, *before]
    probe: Any = probes.schemes_of_config
    asyncio.run(probe.work(looking, looking.emit(CONFIG)))
    return list(looking.observed(BackendAnswer))


def test_the_application_is_asked_with_the_scheme_and_twice_without_it() -> None:
    answers = ask(PLAIN)
    assert [answer.proto for answer in answers] == ["", "https", ""]
    assert [answer.secure_cookies for answer in answers] == [(), ("sid",), ()]
    addresses = [answer.plain_addresses for answer in answers]
    assert addresses == [("http://shop.example.com/next",), (), ("http://shop.example.com/next",)]


def test_a_refused_form_or_a_message_is_a_reason_to_ask() -> None:
    assert len(ask(PAGE, REFUSED)) == 3
    assert len(ask(PAGE, symptom=Symptom("cookie", "the session is lost"))) == 3
    assert len(ask(PAGE, symptom=Symptom("login", "the login redirects to http"))) == 3


def test_a_page_that_is_well_is_no_reason() -> None:
    assert not ask(PAGE)
    assert not ask(replace(PAGE, headers=(("Set-Cookie", "sid=1"),)), REFUSED)
    assert not ask(replace(PLAIN, status=302))
    assert not ask(PAGE, replace(REFUSED, status=500))


def test_behind_another_machine_the_program_and_the_first_server_are_asked() -> None:
    looking: Any = Looking(Application())
    block = (
        "http { server { listen 80; server_name shop.example.com; location / {"
        " proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; } } }"
    )
    web = Listener(address="0.0.0.0", port=80, family=4, process="nginx")
    looking.observations += [
        Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("10.0.0.5/24",)),
        Listeners(sockets=(web,)),
        NginxConfig(path="n.conf", main=parse(block, "n.conf")),
    ]
    probe: Any = probes.way_of_page
    url = "https://shop.example.com/"
    asyncio.run(probe.work(looking, looking.emit(replace(PAGE, status=200))))
    assert not looking.observed(BackendAnswer)
    loop = replace(PAGE, address="203.0.113.80", status=301, headers=(("Location", url),))
    asyncio.run(probe.work(looking, looking.emit(loop)))
    asked = [(answer.target, answer.proto) for answer in looking.observed(BackendAnswer)]
    program = "http://127.0.0.1:3000/"
    assert asked[-4:] == [(program, each) for each in ("http", "https", "http", "https")]
    assert all(proto == "https" for _, proto in asked[:-4])
