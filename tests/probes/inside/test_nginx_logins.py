"""The application behind nginx, asked directly with a password and without one."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Symptom
from diagnose.model.backends import BackendLogin
from diagnose.probes.inside import backend_logins as probes
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page

ASKS = SITE.replace("proxy_set_header", 'auth_basic "Private"; proxy_set_header', 1)
OWN = replace(
    page(401, "<center>nginx</center>"), headers=(("WWW-Authenticate", 'Basic realm="Private"'),)
)
TOLD = Symptom("login", "it refuses my credentials")
PAGE = '<!doctype html><script src="/js/app.js"></script>'


class Application(RecordedMachine):
    """Its page is open, or refuses every password; its interface wants a login."""

    def __init__(self, refuses: bool = False) -> None:
        super().__init__({})
        self.refuses = refuses

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        words = " ".join(argv)
        status, body = 200, PAGE
        if "/js/app.js" in words:
            body = "axios.get('/api/v1/users/me').then(show)"
        elif "/api/" in words or ("-u" in argv and self.refuses):
            status, body = 401, "no"
        return CommandResult(argv, 0, body, f"< HTTP/1.1 {status} X\r\n", 0.0)


def asked(text: str = ASKS, symptom: Symptom | None = TOLD, refuses: bool = False) -> list[Any]:
    looking: Any = Looking(Application(refuses))
    looking.target = replace(looking.target, symptom=symptom)
    looking.observations += [OWN, config(text)]
    probe: Any = probes.login_of_nginx
    asyncio.run(probe.work(looking, OWN, config(text)))
    logins = looking.observed(BackendLogin)
    return [(each.requested, each.with_password, each.status) for each in logins]


def test_a_password_that_the_application_refuses() -> None:
    assert asked(refuses=True) == [("/", False, 200), ("/", True, 401), ("/", False, 200)]


def test_the_addresses_of_the_scripts_where_the_page_is_open() -> None:
    assert asked() == [("/", False, 200), ("/", True, 200), ("/api/v1/users/me", False, 401)]


def test_nothing_without_a_message_or_a_password_of_nginx() -> None:
    assert not asked(symptom=None)
    assert not asked(SITE)
    assert not asked(SITE.replace("proxy_set_header", "auth_basic off; proxy_set_header", 1))
