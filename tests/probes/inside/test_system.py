"""The server as the laboratory's was recorded (tests/machine/fixtures/debian-13)."""

import asyncio
from pathlib import Path

import pytest

from diagnose.machine import CommandResult, Socket
from diagnose.model import Failure, Host, Unseen, Vantage
from diagnose.model.nginx import NginxConfig, NginxProcess, NginxState
from diagnose.model.server import (
    Interface,
    Listeners,
    LostReplies,
    PidFile,
    Route,
    SilentGateway,
)
from diagnose.parsers.linux.sockets import listening_sockets
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import system
from diagnose.probes.inside.system import IDENTIFY_SCRIPT, network, pid_file, server
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13"
COMMANDS = {
    "who": ("sh", "-c", IDENTIFY_SCRIPT),
    "ss": ("ss", "-ltnpe"),
    "ip-addr": ("ip", "addr"),
    "ip-route": ("ip", "route"),
    "ip-6-route": ("ip", "-6", "route"),
}


def test_the_server_its_sockets_and_interfaces_are_seen() -> None:
    ctx = looked(RecordedMachine.load(RECORDED, COMMANDS), server, network)
    (host,) = ctx.observed(Host)
    assert (host.hostname, host.role, host.privileged) == ("server", "server", True)
    assert (host.manager, host.system) == ("none", "Debian GNU/Linux 13 (trixie)")
    (listeners,) = ctx.observed(Listeners)
    assert [one.process for one in listeners.on(443)] == ["nginx"]
    assert [(interface.name, interface.default) for interface in ctx.observed(Interface)] == [
        ("lo", ()),
        ("eth0", (4, 6)),
    ]
    assert not ctx.observed(Unseen)


SS_ROW = 'LISTEN 0 511 0.0.0.0:{port} 0.0.0.0:* users:(("nginx",pid={pid},fd=6))\n'


class Changing(RecordedMachine):
    """A machine whose list of sockets changes from reading to reading."""

    def __init__(self, readings: list[str], files: dict[str, str]) -> None:
        super().__init__({}, files)
        self.readings = readings

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        text = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        return listening_sockets("State Recv-Q Send-Q Local Peer Process\n" + text)


def ports_of(machine: RecordedMachine) -> list[int]:
    (listeners,) = looked(machine, server).observed(Listeners)
    return [socket.port for socket in listeners.sockets]


@pytest.mark.parametrize("options", ["-t", "-T", "-tq", "-q\0-t", "-c\0/etc/nginx.conf\0-qT"])
def test_a_configuration_test_is_no_listener(options: str) -> None:
    """It listens for some milliseconds on each port that is free (ngx_init_cycle)."""
    row = SS_ROW.format(port=443, pid=9)
    machine = Changing([row], {"/proc/9/cmdline": f"nginx\0{options}\0"})
    assert ports_of(machine) == []


def test_sockets_are_read_again_if_their_process_has_ended() -> None:
    master = SS_ROW.format(port=80, pid=2)
    files = {"/proc/2/cmdline": "nginx: master process /usr/sbin/nginx -g daemon on;"}
    assert ports_of(Changing([master + SS_ROW.format(port=443, pid=9), master], files)) == [80]
    assert ports_of(Changing([master], files)) == [80]


def test_a_master_that_was_started_with_options_listens() -> None:
    title = "nginx: master process nginx -c /srv/t/nginx.conf -p /srv/T"
    machine = Changing([SS_ROW.format(port=443, pid=2)], {"/proc/2/cmdline": title})
    assert ports_of(machine) == [443]


def test_without_root_the_names_of_processes_are_said_to_be_unseen() -> None:
    import shlex

    machine = RecordedMachine(
        {shlex.join(("sh", "-c", IDENTIFY_SCRIPT)): "1000\nweb\nsystemd\n", "ss -ltnpe": ""}
    )
    ctx = looked(machine, server)
    (host,) = ctx.observed(Host)
    assert (host.privileged, host.manager) == (False, "systemd")
    (unseen,) = ctx.observed(Unseen)
    assert (unseen.why, unseen.enable) == ("needs root", "sudo ss -ltnp")


def test_a_server_that_cannot_be_entered_is_said_to_be_unseen() -> None:
    import shlex

    denied = Failure("denied", "root@web: Permission denied (publickey).", 255)
    ran = CommandResult(("sh",), None, "", denied.message, 0.0, denied)
    machine = RecordedMachine(
        {shlex.join(("sh", "-c", IDENTIFY_SCRIPT)): ran, "ss -ltnpe": ran}, via="ssh://web"
    )
    ctx = looked(machine, server)
    (unseen,) = ctx.observed(Unseen)
    assert (unseen.what, unseen.why) == ("the server", denied.message)
    (listeners,) = ctx.observed(Listeners)
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


OWN_RULES = """\
0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
"""
RULE = "91:\tfrom all ipproto tcp sport 443 lookup 91\n"
LOOKUP = "ip route get 198.41.0.4 from 203.0.113.10"


def test_the_kernels_own_rules_are_no_reason_to_look_up_a_route() -> None:
    machine = RecordedMachine.load(RECORDED, COMMANDS).with_overrides({"ip rule": OWN_RULES})
    assert not looked(machine, network).observed(Route)


def test_a_rule_is_a_reason_to_look_up_the_way_of_replies() -> None:
    said = "RTNETLINK answers: Invalid argument\n"
    failed = CommandResult(("ip",), 2, "", said, 0.0, Failure("exit", said, 2))
    machine = RecordedMachine.load(RECORDED, COMMANDS).with_overrides(
        {"ip rule": OWN_RULES + RULE, f"{LOOKUP} ipproto tcp sport 443": failed}
    )
    (route,) = looked(machine, network).observed(Route)
    assert route.rules == ("91: from all ipproto tcp sport 443 lookup 91",)
    assert route.failure is not None
    assert route.equivalent == f"{LOOKUP} ipproto tcp sport 443"


def test_an_old_ip_looks_the_route_up_without_the_port() -> None:
    said = 'Error: either "to" is duplicate, or "ipproto" is a garbage.\n'
    failed = CommandResult(("ip",), 255, "", said, 0.0, Failure("exit", said, 255))
    machine = RecordedMachine.load(RECORDED, COMMANDS).with_overrides(
        {
            "ip rule": OWN_RULES + RULE,
            f"{LOOKUP} ipproto tcp sport 443": failed,
            LOOKUP: "198.41.0.4 from 203.0.113.10 via 203.0.113.1 dev eth0\n",
        }
    )
    (route,) = looked(machine, network).observed(Route)
    assert (route.gateway, route.failure, route.equivalent) == ("203.0.113.1", None, LOOKUP)


def test_a_gateway_that_does_not_answer_is_seen() -> None:
    neighbours = "203.0.113.1 dev eth0 FAILED\n203.0.113.9 dev eth0 FAILED\n"
    recorded = RecordedMachine.load(RECORDED, COMMANDS)
    asked = "ip neigh show nud failed nud incomplete nud permanent"
    machine = recorded.with_overrides({asked: neighbours})
    (gateway,) = looked(machine, network).observed(SilentGateway)
    assert (gateway.address, gateway.device, gateway.state) == ("203.0.113.1", "eth0", "FAILED")
    assert not looked(recorded, network).observed(SilentGateway)


def test_visitors_whose_replies_go_to_a_bridge_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "PAUSE", 0.0)
    addresses = """\
2: eth0: <BROADCAST,UP> mtu 1500 qdisc mq state UP
    inet 203.0.113.10/24 scope global eth0
5: br-1a2b: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP
    inet 198.51.100.1/24 scope global br-1a2b
"""
    table = "default via 203.0.113.1 dev eth0\n198.51.100.0/24 dev br-1a2b proto kernel\n"
    waiting = (
        "Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        "0 0 203.0.113.10:443 198.51.100.20:51000\n0 0 203.0.113.10:443 192.0.2.7:51000\n"
    )
    commands = {
        "ip addr": addresses,
        "ip route": table,
        "ip neigh show nud failed nud incomplete nud permanent": (
            "198.51.100.20 dev br-1a2b FAILED\n203.0.113.9 dev eth0 FAILED\n"
        ),
        "ss -tn state syn-recv '( sport = :443 or sport = :80 )'": waiting,
    }
    (lost,) = looked(RecordedMachine(commands), network).observed(LostReplies)
    assert (lost.device, lost.visitors) == ("br-1a2b", ("198.51.100.20",))
    assert (lost.network, lost.is_default) == ("198.51.100.0/24", False)
    machine = RecordedMachine({"ip addr": addresses, "ip route": table})
    assert not looked(machine, network).observed(LostReplies)
    assert not any(command.startswith("ss ") for command in machine.commands_run)


def test_a_default_route_through_a_tunnel_is_a_reason_to_look_up_the_way_of_replies() -> None:
    addresses = """\
2: eth0: <BROADCAST,UP> mtu 1500 qdisc mq state UP
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet 203.0.113.10/24 scope global eth0
5: wg0: <POINTOPOINT,NOARP,UP> mtu 1420 qdisc noqueue state UNKNOWN
    link/none
"""
    said = "198.41.0.4 from 203.0.113.10 dev wg0 uid 0\n"
    commands = {"ip addr": addresses, "ip route": "default dev wg0 scope link\n", LOOKUP: said}
    (route,) = looked(RecordedMachine(commands), network).observed(Route)
    assert (route.device, route.source) == ("wg0", "203.0.113.10")


def test_a_wire_that_leads_nowhere_is_seen() -> None:
    addresses = "2: eth0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN\n"
    ctx = looked(
        RecordedMachine({"ip addr": addresses, "ip route": "", "ip -6 route": ""}), network
    )
    (nic,) = ctx.observed(Interface)
    assert (nic.up, nic.carrier) == (True, False)


@pytest.mark.parametrize(("text", "pid"), [("108\n", 108), (None, None), ("?\n", None)])
def test_the_pid_file_of_a_running_nginx_is_read(text: str | None, pid: int | None) -> None:
    missing = Failure("missing", "No such file or directory")
    machine = RecordedMachine({}, {"/run/nginx.pid": missing if text is None else text})
    ctx = Looking(machine)
    master = NginxProcess(pid=108, binary="/usr/sbin/nginx")
    ctx.emit(NginxState(vantage=Vantage.SERVER, installed=True, masters=(master,)))
    path = "/etc/nginx/nginx.conf"
    config = NginxConfig(vantage=Vantage.SERVER, path=path, main=parse("pid /run/nginx.pid;", path))
    asyncio.run(pid_file.work(ctx, config))  # type: ignore[arg-type]
    (file,) = ctx.observed(PidFile)
    assert (file.path, file.pid) == ("/run/nginx.pid", pid)


def test_the_command_line_may_say_where_the_pid_file_is() -> None:
    ctx = Looking(RecordedMachine({}, {"/run/shop.pid": "108\n"}))
    options = ("-g", "pid /run/shop.pid;")
    master = NginxProcess(pid=108, binary="/usr/sbin/nginx", arguments=options)
    ctx.emit(NginxState(vantage=Vantage.SERVER, installed=True, masters=(master,)))
    config = NginxConfig(vantage=Vantage.SERVER, path="/etc/nginx/nginx.conf")
    asyncio.run(pid_file.work(ctx, config))  # type: ignore[arg-type]
    assert ctx.observed(PidFile)[0].path == "/run/shop.pid"
