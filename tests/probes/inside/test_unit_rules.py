"""What the units of the web server and of the application are not allowed."""

import asyncio
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Failure, Observation
from diagnose.model.files import NginxStart
from diagnose.model.http import Exchange
from diagnose.model.nginx import TestMessage as Message
from diagnose.model.services import UnitDenial
from diagnose.model.tcp import Connection
from diagnose.probes.inside import unit_rules as probes
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE
from tests.support.nginx_evidence import config as nginx_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, apache_config

SILENT = Failure("timeout", "timed out")
CLOSED = Connection(address="203.0.113.10", port=443, family=4, failure=SILENT)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=504)
NGINX = "unit 443 nginx.service\n=IPAddressDeny=::/0 0.0.0.0/0\n=IPAddressAllow=\n"
SHOP = NGINX.replace("443 nginx", "3000 shop")
ROUTE = SITE.replace("}", "  location / { proxy_pass http://127.0.0.1:3000; }\n}", 1)


class Units(RecordedMachine):
    """Answers the script, whatever is asked for."""

    def __init__(self, text: str) -> None:
        super().__init__({})
        self.text = text

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(" ".join(argv[4:]))
        return CommandResult(argv, 0, self.text, "", 0.0)


def look(text: str, probe: Any, *observations: Observation) -> tuple[UnitDenial, ...]:
    looking = Looking(Units(text))
    looking.observations += observations
    asyncio.run(probe.work(looking, observations[-1]))
    return looking.observed(UnitDenial)


def test_the_unit_of_the_port_drops_strangers() -> None:
    (denial,) = look(NGINX, probes.of_visitors, CLOSED)
    assert (denial.unit, denial.denied) == ("nginx.service", "visitors")
    assert denial.equivalent == "systemctl show nginx.service -p IPAddressDeny -p IPAddressAllow"
    allowed = NGINX.replace("Allow=", "Allow=0.0.0.0/0")
    assert not look(allowed, probes.of_visitors, CLOSED)
    assert not look(NGINX, probes.of_visitors, replace(CLOSED, failure=None))


def test_either_unit_may_drop_what_goes_between_them() -> None:
    for text, denied in ((NGINX, "backend"), (SHOP, "front")):
        (denial,) = look(text, probes.after_page, nginx_config(ROUTE), PAGE)
        assert (denial.denied, denial.address, denial.port) == (denied, "127.0.0.1", 3000)
        (denial,) = look(text, probes.after_web_server, PAGE, APACHE, apache_config())
        assert denial.denied == denied
    local = NGINX.replace("Allow=", "Allow=127.0.0.0/8")
    assert not look(local, probes.after_page, nginx_config(ROUTE), PAGE)
    assert not look(NGINX, probes.after_page, nginx_config(ROUTE), replace(PAGE, status=500))


def test_a_start_without_sockets_of_ip() -> None:
    line = "socket() 0.0.0.0:443 failed (97: Address family not supported by protocol)"
    start = NginxStart(messages=(Message("emerg", line),), unit="nginx.service")
    text = "unit nginx.service nginx.service\n=RestrictAddressFamilies=AF_UNIX\n"
    (denial,) = look(text, probes.of_start, start)
    assert (denial.setting, denial.message) == ("RestrictAddressFamilies=AF_UNIX", line)
    assert not look(text, probes.of_start, replace(start, messages=()))


def test_a_start_that_a_system_call_ended() -> None:
    line = "nginx.service: Main process exited, code=killed, status=31/SYS"
    (denial,) = look("", probes.of_start, NginxStart(unit="nginx.service", line=line))
    assert (denial.setting, denial.denied) == ("SystemCallFilter=", "calls")


def test_nothing_is_asked_for_a_line_that_no_unit_can_have_caused() -> None:
    machine = Units(SHOP + "=ProtectHome=yes\n")
    ask = probes.forbidding_setting
    assert asyncio.run(ask(machine, "3000", "TypeError: x")) == ("", "")
    assert machine.commands_run == []
    line = "ENOENT: no such file, open '/home/shop/.env'"
    assert asyncio.run(ask(machine, "3000", line)) == ("shop.service", "ProtectHome=yes")
