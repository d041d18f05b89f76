import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.model import Failure, Unseen
from diagnose.model.http import Exchange
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest
from diagnose.probes import ProbeContext
from diagnose.probes.inside import web_servers as probes
from diagnose.probes.inside.web_servers import choice
from diagnose.probes.inside.web_servers.processes import (
    Candidate,
    InstalledServers,
    ServerProcess,
    ServerService,
    parse_servers,
)
from tests.support.certificates import LEAF
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.tls_evidence import shake
from tests.support.web_server_evidence import apache_config

STAT = "{pid} (apache2) S {parent} " + "0 " * 17 + "{ticks} 0 0"
OWN = "own root 1:2\nown pid pid:[1]\nown net net:[1]\nown cgroup 0::/\n"
ITS = "its root 1:2\nits pid pid:[1]\nits net net:[1]\n"
SERVICE = "its cgroup 0::/system.slice/apache2.service\n"
UNITS = """\
service Id=apache2.service
service LoadState=loaded
service ActiveState=failed
service UnitFileState=enabled
service MainPID=0
service 
service Id=caddy.service
service LoadState=not-found
service ActiveState=inactive
service UnitFileState=
service MainPID=0
journal apache2
 AH00526: Syntax error on line 3 of /etc/apache2/ports.conf:
 Invalid command 'Listn'
"""
HTTPS = Listener(address="0.0.0.0", port=443, family=4, pid=10, process="apache2")
WORKER = replace(HTTPS, port=80, pid=11)
NGINX = replace(HTTPS, process="nginx", pid=90)


def shown(body: str) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=200,
        purpose="target", body=body,
    )  # fmt: skip


def process(pid: int, parent: int, ticks: int, details: str = "", user: int = 0) -> str:
    stat = STAT.format(pid=pid, parent=parent, ticks=ticks)
    title = "/usr/sbin/apache2 -k start "
    return f"process {stat}\n{title}\n/usr/sbin/apache2\nmnt:[1]\nuser {user}\n{details}"


def listed(*processes: str, programs: str = "program /usr/sbin/apache2\n", units: str = "") -> str:
    return f"1000.5\n500.5 900.0\nmnt:[1]\nself 0\n{OWN}{programs}{''.join(processes)}{units}"


MAIN = process(10, 1, 100, ITS + SERVICE)
CHILD = process(11, 10, 5000)


def test_a_main_process_has_its_workers_its_ports_and_its_unit() -> None:
    servers = parse_servers(listed(MAIN, CHILD), (HTTPS, WORKER, replace(HTTPS, pid=99, port=22)))
    (main,) = servers.processes
    assert (main.pid, main.name, main.unit, main.ports) == (10, "apache2", "apache2", (80, 443))
    assert main.started == pytest.approx(501.0)
    assert main.oldest_worker == pytest.approx(550.0)
    assert not main.foreign
    assert servers.programs == ("/usr/sbin/apache2",)
    assert not servers.nginx


def test_a_process_of_another_user_or_root_folder_is_foreign() -> None:
    stranger = process(10, 1, 100, ITS, user=1000)
    assert not parse_servers(listed(stranger), ()).processes[0].foreign, "an installed program"
    assert parse_servers(listed(stranger, programs=""), ()).processes[0].foreign
    inside = process(10, 1, 100, ITS.replace("1:2", "3:4"))
    assert parse_servers(listed(inside), ()).processes[0].foreign


def test_a_service_is_read_with_the_journal_of_its_failure() -> None:
    servers = parse_servers(listed(units=UNITS), ())
    (service,) = servers.services
    assert (service.name, service.state, service.enabled) == ("apache2", "failed", True)
    assert service.journal[-1] == "Invalid command 'Listn'"


def test_output_of_something_else_is_nothing() -> None:
    assert parse_servers("", ()) == InstalledServers()
    assert parse_servers("sh: not found\n" * 5, ()).processes == ()


RUNNING = ServerProcess(10, "apache2", program="/usr/sbin/apache2", ports=(80, 443))
ENABLED = ServerService("apache2", "inactive", "enabled")
DISABLED = ServerService("apache2", "inactive", "disabled")
PROGRAMS = ("/usr/sbin/apache2",)


def names(servers: InstalledServers, taken: bool, port: int = 443) -> list[str]:
    return [candidate.name for candidate in choice.candidates(servers, port, taken)]


def test_the_server_that_holds_the_port_is_read() -> None:
    servers = InstalledServers((RUNNING,), (ENABLED,), PROGRAMS)
    (candidate,) = choice.candidates(servers, 443, True)
    assert candidate == Candidate("apache2", "/usr/sbin/apache2", RUNNING, ENABLED)
    elsewhere = replace(RUNNING, ports=(8080,))
    assert names(InstalledServers((elsewhere,)), True) == []


def test_of_a_free_port_the_server_of_another_web_port_is_asked() -> None:
    assert names(InstalledServers((replace(RUNNING, ports=(80,)),)), False) == ["apache2"]
    assert names(InstalledServers((replace(RUNNING, ports=(8080,)),)), False) == []


def test_a_process_that_only_tests_or_shows_something_is_no_server() -> None:
    for title in ("/usr/sbin/apache2 -t -D DUMP_VHOSTS", "/usr/sbin/apache2 -V"):
        question = ServerProcess(10, "apache2", title, "/usr/sbin/apache2")
        (candidate,) = choice.candidates(
            InstalledServers((question,), (ENABLED,), PROGRAMS), 443, False
        )
        assert candidate.process is None


def test_a_server_that_should_run_is_asked() -> None:
    assert names(InstalledServers((), (ENABLED,), PROGRAMS), False) == ["apache2"]
    assert names(InstalledServers((), (DISABLED,), PROGRAMS, nginx=True), False) == []
    assert names(InstalledServers((), (), PROGRAMS), False) == ["apache2"], "nothing else is there"
    assert names(InstalledServers((), (ENABLED,), PROGRAMS), True) == [], "the port is another's"


class FakeReader:
    foreign = False

    async def describe(self, ctx: ProbeContext, candidate: Candidate) -> WebServer | None:
        process = candidate.process
        return WebServer(
            product="apache", pid=process.pid if process else None, foreign=self.foreign
        )

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest | None:
        return None

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig | None:
        return WebServerConfig(product="apache", path="/etc/apache2/apache2.conf")


def observe(
    monkeypatch: pytest.MonkeyPatch, *sockets: Listener, reader: object = None
) -> tuple[Looking, RecordedMachine]:
    commands = {shlex.join(probes.LIST_COMMAND): listed(MAIN, CHILD)}
    machine = RecordedMachine(commands)
    ctx = Looking(machine)
    monkeypatch.setattr(probes, "reader_of", lambda kind: reader)
    asyncio.run(_run(ctx, Listeners(sockets=sockets)))
    return ctx, machine


async def _run(ctx: Looking, listeners: Listeners) -> None:
    await probes.web_servers.work(ctx, listeners)


def test_nothing_is_run_where_another_program_has_the_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking, machine = observe(monkeypatch, NGINX, reader=FakeReader())
    assert machine.commands_run == []
    assert looking.observations == []


def test_another_program_is_told_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    lighttpd = replace(NGINX, process="lighttpd")
    looking, machine = observe(monkeypatch, lighttpd, reader=FakeReader())
    assert machine.commands_run == []
    (unseen,) = looking.observations
    assert isinstance(unseen, Unseen)
    assert unseen.what == "lighttpd's configuration"


@pytest.mark.parametrize("process", ["openresty", "angie", "systemd", None])
def test_what_is_read_elsewhere_is_not_told(
    monkeypatch: pytest.MonkeyPatch, process: str | None
) -> None:
    looking, _ = observe(monkeypatch, replace(NGINX, process=process))
    assert not any(isinstance(each, Unseen) for each in looking.observations)


def test_a_server_is_described_then_tested_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    looking, _ = observe(monkeypatch, HTTPS, reader=FakeReader())
    kinds = [type(observation) for observation in looking.observations]
    assert kinds == [WebServer, Unseen, WebServerConfig]


def test_a_foreign_server_is_only_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = FakeReader()
    reader.foreign = True
    looking, _ = observe(monkeypatch, HTTPS, reader=reader)
    assert [type(observation) for observation in looking.observations] == [WebServer, Unseen]


def test_unknown_listeners_are_no_reason_to_look() -> None:
    machine = RecordedMachine({})
    ctx = Looking(machine)
    asyncio.run(_run(ctx, Listeners(failure=Failure("missing", "ss: not found"))))
    assert machine.commands_run == []


def test_stopped_servers_are_those_that_should_run() -> None:
    apache = ServerService("apache2", "inactive", "disabled")
    both = ("/usr/sbin/apache2", "/usr/sbin/haproxy")
    servers = InstalledServers((), (apache,), both)
    assert [stopped_server.name for stopped_server in choice.stopped_servers(servers)] == [
        "haproxy"
    ]
    failed = InstalledServers((), (replace(apache, state="failed"),), both)
    assert [each.name for each in choice.stopped_servers(failed)] == ["apache2", "haproxy"]
    running = InstalledServers((ServerProcess(1, "haproxy"),), (), both)
    assert [each.name for each in choice.stopped_servers(running)] == ["apache2"]


def test_a_stopped_server_with_the_site_is_seen_after_a_foreign_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = RecordedMachine({shlex.join(probes.LIST_COMMAND): listed()})
    ctx = Looking(machine)
    monkeypatch.setattr(probes, "reader_of", lambda kind: IdleReader())
    ctx.emit(Listeners(sockets=(NGINX,)))
    foreign = ctx.emit(shake(chain=(replace(LEAF, dns_names=("www.example.org",)),)))
    _look_for_idle(ctx, foreign)
    (server,) = ctx.observed(WebServer)
    assert server.pid is None
    plain = Looking(machine)
    plain.emit(Listeners(sockets=(NGINX,)))
    error = Failure("protocol", "wrong version number")
    http = plain.emit(shake(failure=error, received="HTTP/1.1 400 Bad Request"))
    _look_for_idle(plain, http)
    assert plain.observed(WebServer)
    own = Looking(RecordedMachine({}))
    own.emit(Listeners(sockets=(NGINX,)))
    fits = own.emit(shake(chain=(LEAF,)))
    _look_for_idle(own, fits)
    assert not own.machine.commands_run  # type: ignore[attr-defined]


def _look_for_idle(ctx: Looking, handshake: Handshake) -> None:
    async def work() -> None:
        await probes.idle_servers.work(ctx, handshake, ctx.observed(Listeners)[0])

    asyncio.run(work())


@pytest.mark.parametrize(
    ("body", "is_sought"), [("<title>Welcome to nginx!</title>", True), ("<h1>Shop</h1>", False)]
)
def test_a_stopped_server_is_looked_for_behind_the_page_of_a_package(
    monkeypatch: pytest.MonkeyPatch, body: str, is_sought: bool
) -> None:
    ctx = Looking(RecordedMachine({shlex.join(probes.LIST_COMMAND): listed(units=UNITS)}))
    monkeypatch.setattr(probes, "reader_of", lambda kind: IdleReader())
    ctx.emit(Listeners(sockets=(NGINX,)))
    page = ctx.emit(shown(body))

    async def work() -> None:
        await probes.idle_servers_of_page.work(ctx, page, ctx.observed(Listeners)[0])

    asyncio.run(work())
    assert bool(ctx.observed(WebServer)) is is_sought
    assert bool(ctx.observed(WebServerTest)) is is_sought


class IdleReader:
    """The reader of an Apache that does not run and has the site."""

    async def describe(self, *values: object) -> WebServer:
        return WebServer(product="apache", config="/etc/apache2/apache2.conf")

    async def read_config(self, ctx: ProbeContext, server: WebServer) -> WebServerConfig:
        return apache_config()

    async def run_test(self, ctx: ProbeContext, server: WebServer) -> WebServerTest:
        return WebServerTest(product="apache", passed=True)


def test_a_stopped_server_with_the_site_is_seen_and_tested_where_nobody_has_the_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programs = "program /usr/sbin/apache2\nprogram /usr/sbin/haproxy\n"
    disabled = UNITS.replace("failed", "inactive").replace("=enabled", "=disabled")
    text = listed(programs=programs, units=disabled)
    ctx = Looking(RecordedMachine({shlex.join(probes.LIST_COMMAND): text}))
    monkeypatch.setattr(probes, "reader_of", lambda kind: IdleReader())
    asyncio.run(_run(ctx, Listeners(sockets=(replace(NGINX, port=80),))))
    kinds = [type(observation) for observation in ctx.observations]
    assert kinds == [WebServer, WebServerConfig, WebServerTest]
