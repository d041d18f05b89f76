import asyncio
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import program_logs as probes
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import RUNNING, SITE, STOPPED
from tests.support.nginx_evidence import config as nginx_config
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config
from tests.support.websocket_evidence import upgrade

PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, purpose="target", status=500
)
NOBODY = Listeners(sockets=LISTENING.sockets[:2])
LOG = (
    "process python3\nsource journalctl -u shop.service\n Traceback (most recent call last):\n"
    " OSError: [Errno 28] No space left on device\n"
    "source tail -n 50 /srv/shop/shop.log\n warning: slow\n"
)
SITE_BY_PROTOCOL = """\
server {{
    listen 443 ssl;
    server_name shop.example.com;
    location / {{ {} unix:/run/php/php8.2-fpm.sock; }}
}}
"""
UNITS = (
    "unit shop.service failed - no yes\n Error: Cannot find module 'x'\n"
    "unit apache2.service failed - no no\n AH00072: could not bind\n"
)


class TwoScripts(RecordedMachine):
    """Answers either script."""

    def __init__(self) -> None:
        super().__init__({})

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        out = LOG if probes.LOG_SCRIPT in argv else UNITS
        return CommandResult(argv, 0, out, "", 0.0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "PAUSE", 0.0)


def look(*before: Observation, probe: Any = probes.after_page) -> Looking:
    looking = Looking(TwoScripts())
    looking.observations += before
    asyncio.run(probe.work(looking, before[-1]))
    return looking


def test_the_line_of_the_program_behind_the_site() -> None:
    (line,) = look(APACHE, apache_config(), LISTENING, PAGE).observed(ProgramLine)
    assert line.message == "OSError: [Errno 28] No space left on device"
    assert (line.process, line.endpoint, line.weight) == ("shop (python3)", "3000", 3)
    assert line.equivalent == "journalctl -u shop.service"


def test_a_log_that_tells_nothing_is_named() -> None:
    (log,) = probes.parse_logs("process node\nsource journalctl -u shop.service\n")
    assert log == probes.ProgramLog("node", "journalctl -u shop.service", "")


def test_a_program_that_has_the_port_itself() -> None:
    node = Listeners(sockets=(Listener(address="0.0.0.0", port=443, family=4, process="node"),))
    (line,) = look(node, PAGE).observed(ProgramLine)
    assert line.endpoint == "443"


def test_the_configuration_of_an_nginx_that_is_stopped_leads_nowhere() -> None:
    """Another program has the port: what nginx would pass on is not behind the site."""
    route = SITE.replace("}", "  location / { proxy_pass http://127.0.0.1:3100; }\n}", 1)
    sockets = (Listener(address="127.0.0.1", port=3100, family=4, process="python3"),)
    both = replace(LISTENING, sockets=(*LISTENING.sockets, *sockets))
    for state, endpoints in ((STOPPED, ["3000"]), (RUNNING, ["3000", "3100"])):
        observations = (APACHE, apache_config(), state, nginx_config(route), both, PAGE)
        assert (
            sorted(line.endpoint for line in look(*observations).observed(ProgramLine)) == endpoints
        )


def test_the_services_that_failed_where_nobody_listens() -> None:
    looking = look(APACHE, apache_config(), NOBODY, PAGE)
    (unit,) = looking.observed(FailedUnit)
    assert (unit.unit, unit.state, unit.endpoint) == ("shop", "failed", "3000")
    assert unit.message == "Error: Cannot find module 'x'"
    assert (unit.names_endpoint, unit.is_local) == (False, True)
    assert not looking.observed(ProgramLine)


def test_the_configuration_may_be_known_after_the_page() -> None:
    looking = look(LISTENING, PAGE)
    assert not looking.machine.commands_run  # type: ignore[attr-defined]
    looking.observations += (APACHE, apache_config())
    later: Any = probes.after_web_server
    asyncio.run(later.work(looking, looking.observations[-1]))
    (line,) = looking.observed(ProgramLine)
    assert line.endpoint == "3000"


def test_once_for_each_endpoint() -> None:
    looking = Looking(TwoScripts())
    looking.observations += (APACHE, apache_config(), LISTENING, PAGE)
    probe: Any = probes.after_page
    asyncio.run(probe.work(looking, PAGE))
    asyncio.run(probe.work(looking, PAGE))
    assert len(looking.observed(ProgramLine)) == 1


@pytest.mark.parametrize("status", [200, 301, 401, 429])
def test_nothing_is_read_of_a_page_that_came(status: int) -> None:
    looking = look(APACHE, apache_config(), LISTENING, replace(PAGE, status=status))
    assert not looking.machine.commands_run  # type: ignore[attr-defined]


def test_nothing_is_read_of_the_loopback_address_of_a_container() -> None:
    looking = look(APACHE, apache_config(), LISTENING, NginxContainer(pid=5), PAGE)
    assert not looking.machine.commands_run  # type: ignore[attr-defined]


def test_a_server_in_a_container_asks_another_container() -> None:
    site = SITE.replace("}", "  location / { proxy_pass http://app:3000; }\n}", 1)
    container = NginxContainer(pid=5, networks=("shop_default",))
    looking = look(RUNNING, nginx_config(site), LISTENING, container, PAGE)
    (line,) = looking.observed(ProgramLine)
    assert line.endpoint == "3000"
    (command,) = looking.machine.commands_run  # type: ignore[attr-defined]
    assert "'=app shop_default'" in command


def test_a_websocket_that_was_refused() -> None:
    before = (APACHE, apache_config(), LISTENING, upgrade(404))
    (line,) = look(*before, probe=probes.after_websocket).observed(ProgramLine)
    assert line.endpoint == "3000"


@pytest.mark.parametrize("text", ["", "process", "source x\n y", "process a\nsource\n b", "\x00"])
def test_odd_output_is_read(text: str) -> None:
    assert isinstance(list(probes.parse_logs(text)), list)


SERVE = (
    "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), h.BaseHTTPRequestHandler)"
    "; print(s.server_port, flush=True); s.serve_forever()"
)


@pytest.mark.parametrize("is_piped", [False, True], ids=["opened to append", "through a pipe"])
@pytest.mark.parametrize("is_repeated", [False, True], ids=["last line", "what is added"])
def test_a_log_may_have_any_name(tmp_path: Path, is_piped: bool, is_repeated: bool) -> None:
    """pm2, rotatelogs and `tee` write what a program writes to its output."""
    notes = tmp_path / "notes.txt"
    notes.write_text("an old error\nconnection refused\n")
    with notes.open("a") as opened:
        writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=opened)
        stderr = writer.stdin if is_piped else opened
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE], cwd="/", stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    with writer, process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        repeat = ["sh", "-c", f"echo connection refused >>{notes}"] if is_repeated else []
        argv = ["sh", "-c", probes.LOG_SCRIPT, "sh", "60", port, *repeat]
        out = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        process.terminate()
        writer.terminate()
    logs = {log.source: log.text for log in probes.parse_logs(out)}
    assert logs == {f"tail -n 50 {notes}": "connection refused"}


def test_what_this_program_writes_itself_is_no_log_of_another(tmp_path: Path) -> None:
    """As where an application was started from the shell whose output goes to the same file."""
    own, theirs = tmp_path / "own.out", tmp_path / "application.log"
    serve = "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), h.BaseHTTPRequestHandler)"
    serve += "; print(s.server_port, flush=True); s.serve_forever()"
    write = f"echo our own words refused >>{own}; echo connection refused >>{theirs}"
    with own.open("w") as output:
        with theirs.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", serve], cwd="/", stdout=subprocess.PIPE, stderr=log,
                text=True, pass_fds=[output.fileno()],
            )  # fmt: skip
        with process:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            argv = ["sh", "-c", probes.LOG_SCRIPT, "sh", "60", port, "sh", "-c", write]
            out = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
            process.terminate()
    logs = {log.source: log.text for log in probes.parse_logs(out)}
    assert logs == {f"tail -n 50 {theirs}": "connection refused"}


@pytest.mark.parametrize("directive", ["fastcgi_pass", "uwsgi_pass", "scgi_pass"])
def test_the_log_of_a_program_that_does_not_speak_http(directive: str) -> None:
    text = SITE_BY_PROTOCOL.format(directive)
    looking = look(RUNNING, nginx_config(text), LISTENING, PAGE)
    (line,) = looking.observed(ProgramLine)
    assert line.endpoint == "/run/php/php8.2-fpm.sock"
