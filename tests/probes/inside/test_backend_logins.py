"""The application, asked directly with a password and without one."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation, Symptom
from diagnose.model.backends import BackendLogin
from diagnose.model.http import Exchange
from diagnose.model.logs import RefusedLogin
from diagnose.model.web_servers import WebServerConfig
from diagnose.probes.inside import backend_logins as probes
from diagnose.probes.inside.server_logs import READ_SCRIPT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

SITE = HTTPS.replace("</V", "    ErrorLog /var/log/apache2/shop.log\n</V")
CONFIG = apache_config(SITE)
ASKED = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=401,
    headers=(("WWW-Authenticate", 'Basic realm="Private"'),),
)
LOGIN = RefusedLogin(file="/var/log/apache2/access.log", path="/", status=401, written="")
CLOCK = "1795514470 2026-11-24 10:01:10\n"


class Application(RecordedMachine):
    """Refuses every password, and has a log of Apache's errors."""

    def __init__(self, log: str = "", plain: int = 200) -> None:
        super().__init__({})
        self.log, self.plain = log, plain

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        if READ_SCRIPT in argv:
            return CommandResult(argv, 0, CLOCK + self.log, "", 0.0)
        status = 401 if "-u" in argv else self.plain
        return CommandResult(argv, 0, "body", f"< HTTP/1.1 {status} X\r\n", 0.0)


def logged(
    login: RefusedLogin = LOGIN,
    page: Exchange = ASKED,
    machine: Application | None = None,
    config: WebServerConfig = CONFIG,
) -> list[tuple[bool, int | None]]:
    looking: Any = Looking(machine or Application())
    looking.observations += [APACHE, page]
    asyncio.run(probes.try_logged_login(looking, config, login, page))
    logins = looking.observed(BackendLogin)
    assert bool(logins) is bool(looking.observed(RefusedLogin))
    return [(each.with_password, each.status) for each in logins]


def test_the_application_is_asked_three_times() -> None:
    assert logged() == [(False, 200), (True, 401), (False, 200)]


def test_nothing_is_asked_where_the_server_asks_for_no_password() -> None:
    assert not logged(page=replace(ASKED, headers=()))
    assert not logged(page=replace(ASKED, status=200))


def test_an_application_with_a_login_of_its_own_gets_no_password() -> None:
    assert logged(machine=Application(plain=401)) == [(False, 401)]


def test_a_wrong_password_is_apaches_to_refuse() -> None:
    wrong = '[auth_basic:error] AH01617: user anna: authentication failure for "/": x'
    assert not logged(machine=Application(wrong))
    assert logged(replace(LOGIN, status=500), machine=Application(wrong))


def reported(symptom: Symptom | None, *before: Observation) -> int:
    looking: Any = Looking(Application())
    looking.target = replace(looking.target, symptom=symptom)
    looking.observations += [APACHE, CONFIG, *before]
    probe: Any = probes.logins_of_config
    asyncio.run(probe.work(looking, CONFIG))
    return len(looking.observed(BackendLogin))


def test_somebody_reports_it() -> None:
    assert reported(Symptom("status", "401 Unauthorized", 401), ASKED) == 3
    assert reported(Symptom("login", "asks again and again"), ASKED) == 3
    assert reported(Symptom("status", "404 Not Found", 404), ASKED) == 0
    assert reported(None, ASKED) == 0
    assert reported(Symptom("login", "asks again"), replace(ASKED, status=403)) == 0
