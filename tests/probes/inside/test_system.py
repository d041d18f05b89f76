"""The server as the laboratory's was recorded (tests/machine/fixtures/debian-13)."""

import asyncio
from pathlib import Path

import pytest

from diagnose.machine import CommandResult
from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Failure, Host, Unseen, Vantage
from diagnose.model.nginx import NginxConfig, NginxProcess, NginxState
from diagnose.model.server import Interface, Listeners, PidFile, Route
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside.system import IDENTIFY_SCRIPT, network, pid_file, server
from tests.support.fake_context import Looking, looked

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13"
COMMANDS = {
    "who": ("sh", "-c", IDENTIFY_SCRIPT),
    "ss": ("ss", "-ltnpe"),
    "ip-addr": ("ip", "addr"),
    "ip-route": ("ip", "route"),
    "ip-6-route": ("ip", "-6", "route"),
}


def test_the_server_its_sockets_and_interfaces_are_seen() -> None:
    look = looked(RecordedMachine.load(RECORDED, COMMANDS), server, network)
    (host,) = look.observed(Host)
    assert (host.hostname, host.role, host.privileged) == ("server", "server", True)
    assert (host.manager, host.system) == ("none", "Debian GNU/Linux 13 (trixie)")
    (listeners,) = look.observed(Listeners)
    assert [one.process for one in listeners.on(443)] == ["nginx"]
    assert [(one.name, one.default) for one in look.observed(Interface)] == [
        ("lo", ()),
        ("eth0", (4, 6)),
    ]
    assert not look.observed(Unseen)


def test_without_root_the_names_of_processes_are_said_to_be_unseen() -> None:
    import shlex

    machine = RecordedMachine(
        {shlex.join(("sh", "-c", IDENTIFY_SCRIPT)): "1000\nweb\nsystemd\n", "ss -ltnpe": ""}
    )
    look = looked(machine, server)
    (host,) = look.observed(Host)
    assert (host.privileged, host.manager) == (False, "systemd")
    (unseen,) = look.observed(Unseen)
    assert (unseen.why, unseen.enable) == ("needs root", "sudo ss -ltnp")


def test_a_server_that_cannot_be_entered_is_said_to_be_unseen() -> None:
    import shlex

    denied = Failure("denied", "root@web: Permission denied (publickey).", 255)
    ran = CommandResult(("sh",), None, "", denied.message, 0.0, denied)
    machine = RecordedMachine(
        {shlex.join(("sh", "-c", IDENTIFY_SCRIPT)): ran, "ss -ltnpe": ran}, via="ssh://web"
    )
    look = looked(machine, server)
    (unseen,) = look.observed(Unseen)
    assert (unseen.what, unseen.why) == ("the server", denied.message)
    (listeners,) = look.observed(Listeners)
    assert listeners.failure is denied


def test_without_a_default_route_the_way_back_is_looked_for() -> None:
    argv = ("ip", "route", "get", "198.41.0.4", "from", "203.0.113.10")
    said = "RTNETLINK answers: Network is unreachable\n"
    link = "203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.10\n"
    failed = CommandResult(argv, 2, "", said, 0.0, Failure("exit", said, 2))
    recorded = RecordedMachine.load(RECORDED, COMMANDS)
    machine = recorded.with_overrides({"ip route": link, " ".join(argv): failed})
    (route,) = looked(machine, network).observed(Route)
    assert (route.source, route.family) == ("203.0.113.10", 4)
    assert route.failure is not None
    assert route.failure.name == "ENETUNREACH"


def test_a_wire_that_leads_nowhere_is_seen() -> None:
    addresses = "2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN\n"
    look = looked(
        RecordedMachine({"ip addr": addresses, "ip route": "", "ip -6 route": ""}), network
    )
    (nic,) = look.observed(Interface)
    assert (nic.up, nic.carrier) == (True, False)


@pytest.mark.parametrize(("text", "pid"), [("108\n", 108), (None, None), ("?\n", None)])
def test_the_pid_file_of_a_running_nginx_is_read(text: str | None, pid: int | None) -> None:
    missing = Failure("missing", "No such file or directory")
    machine = RecordedMachine({}, {"/run/nginx.pid": missing if text is None else text})
    look = Looking(machine)
    master = NginxProcess(pid=108, binary="/usr/sbin/nginx")
    look.emit(NginxState(vantage=Vantage.SERVER, installed=True, masters=(master,)))
    path = "/etc/nginx/nginx.conf"
    config = NginxConfig(vantage=Vantage.SERVER, path=path, main=parse("pid /run/nginx.pid;", path))
    asyncio.run(pid_file.work(look, config))  # type: ignore[arg-type]
    (file,) = look.observed(PidFile)
    assert (file.path, file.pid) == ("/run/nginx.pid", pid)


def test_the_command_line_may_say_where_the_pid_file_is() -> None:
    look = Looking(RecordedMachine({}, {"/run/shop.pid": "108\n"}))
    options = ("-g", "pid /run/shop.pid;")
    master = NginxProcess(pid=108, binary="/usr/sbin/nginx", arguments=options)
    look.emit(NginxState(vantage=Vantage.SERVER, installed=True, masters=(master,)))
    config = NginxConfig(vantage=Vantage.SERVER, path="/etc/nginx/nginx.conf")
    asyncio.run(pid_file.work(look, config))  # type: ignore[arg-type]
    assert look.observed(PidFile)[0].path == "/run/shop.pid"
