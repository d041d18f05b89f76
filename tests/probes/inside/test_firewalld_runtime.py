"""What firewalld says of itself, over D-Bus and by firewall-cmd, and when it says nothing."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure
from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import MAX_SET_ENTRIES, ServiceText
from diagnose.probes.inside import firewalld_runtime as probes
from tests.support.recorded_machine import RecordedMachine

ASK = shlex.join(("sh", "-c", probes.RUNTIME_SCRIPT, "sh", str(MAX_SET_ENTRIES + 1)))
HEAD = "method return time=1 sender=:1.0 -> destination=:1.2 serial=9 reply_serial=2\n"
CALLER = "@ caller 198.51.100.10\n"
RUNS = f"{CALLER}@ owner\n{HEAD}   boolean true\n"
PUBLIC = f"""\
@ getDefaultZone
{HEAD}   string "public"
@ queryPanicMode
{HEAD}   boolean false
@ zone.getActiveZones
{HEAD}   array [ ]
@ zone.getZoneSettings2 public
{HEAD}   array [ dict entry( string "services"
         variant array [ string "web"
            ] ) ]
"""
SERVICES = ("sh", "-c", probes.SERVICES_SCRIPT, "sh")
WEB = f"""\
@ service http
Error org.fedoraproject.FirewallD1.Exception: INVALID_SERVICE: http
@ service web
{HEAD}   array [ dict entry( string "includes"
         variant array [ string "inner"
            ] ) ]
"""
LIST = "firewall-cmd --list-all-zones"
FAILED = Failure("other", "exit status 252", 252)
LISTED = "home\n  target: default\n\npublic (active)\n  target: DROP\n  services: web\n"


def runtime_config(commands: dict[str, str | CommandResult]) -> probes.RuntimeConfig:
    return asyncio.run(probes.ask_daemon(RecordedMachine(commands)))


def test_a_daemon_that_is_not_there_does_not_run() -> None:
    assert runtime_config({}) == probes.RuntimeConfig(False)
    runtime = runtime_config({ASK: f"{CALLER}@ owner\n{HEAD}   boolean false\n"})
    assert (runtime.running, runtime.caller) == (False, "198.51.100.10")


def test_without_a_bus_nothing_more_is_asked() -> None:
    socket = "Failed to connect to socket /run/dbus/system_bus_socket: No such file or directory"
    said = f'Failed to open connection to "system" message bus: {socket}'
    machine = RecordedMachine({ASK: f"{CALLER}@ owner\n{said}\n"})
    assert not asyncio.run(probes.ask_daemon(machine)).running
    assert [command.split()[0] for command in machine.commands_run] == ["sh"]


def test_a_daemon_that_does_not_run_is_asked_once() -> None:
    stopped = CommandResult((), 252, "", "FirewallD is not running\n", 0.0, FAILED)
    machine = RecordedMachine({LIST: stopped})
    assert not asyncio.run(probes.ask_daemon(machine)).running
    assert machine.commands_run[1:] == [LIST]


def test_what_only_some_versions_answer_may_be_missing() -> None:
    runtime = runtime_config({ASK: RUNS + PUBLIC})
    (zone,) = runtime.zones
    assert (zone.default, zone.active, zone.services) == (True, True, ("web",))
    assert (runtime.running, runtime.version, runtime.direct) == (True, "", ())


def test_services_that_services_include_are_asked_for_and_a_circle_ends() -> None:
    inner = WEB.replace('"inner"', '"web"').replace("@ service web", "@ service inner")
    commands: dict[str, str | CommandResult] = {
        ASK: RUNS + PUBLIC,
        shlex.join((*SERVICES, "http", "https", "web")): f"{WEB}@ service https\n",
        shlex.join((*SERVICES, "inner")): inner,
    }
    assert runtime_config(commands).services == {
        "http": ServiceText(),
        "https": ServiceText(),
        "web": ServiceText((), ("inner",)),
        "inner": ServiceText((), ("web",)),
    }


@pytest.mark.parametrize("words", ["x.Exception: NotAuthorizedException", "x.AccessDenied: no"])
def test_a_user_who_may_not_ask_is_told_so(words: str) -> None:
    with pytest.raises(probes.AccessDenied):
        runtime_config({ASK: f"{RUNS}@ getDefaultZone\nError {words}\n"})


def test_firewall_cmd_may_refuse_this_user_as_well() -> None:
    refused = CommandResult((), 252, "", "Authorization failed.\n", 0.0, FAILED)
    with pytest.raises(probes.AccessDenied):
        runtime_config({LIST: refused})
    assert not runtime_config({LIST: replace(refused, err="FirewallD is not running\n")}).running


def test_a_bus_that_does_not_answer_is_no_daemon_that_does_not_run() -> None:
    """Of firewall-cmd 2.3, as a user whom the bus refuses."""
    words = "Error: DBUS_ERROR: Did not receive a reply. Possible causes include: the remote\n"
    with pytest.raises(probes.NoReply):
        runtime_config({LIST: CommandResult((), 36, "", words, 0.0, FAILED)})


def test_an_old_daemon_is_asked_by_firewall_cmd() -> None:
    old = PUBLIC.partition("@ zone.getZoneSettings2")[0]
    old += "@ zone.getZoneSettings2 public\nError x.UnknownMethod: no\n"
    runtime = runtime_config(
        {
            ASK: CommandResult(("sh",), 1, RUNS + old, "", 0.0),
            LIST: LISTED,
            "firewall-cmd --get-default-zone": "public\n",
            "firewall-cmd --query-panic": "yes\n",
        }
    )
    home, public = runtime.zones
    assert (home.name, home.default, home.active) == ("home", False, False)
    assert (public.name, public.default, public.active) == ("public", True, True)
    assert (runtime.panic, runtime.caller, runtime.policies) == (True, "198.51.100.10", ())


def test_a_services_file_of_the_administrator_comes_first_and_none_opens_nothing() -> None:
    quic = '<service><port port="443" protocol="udp"/><include service="web"/></service>'
    files = {
        "/etc/firewalld/services/web.xml": '<service><include service="quic"/></service>',
        "/usr/lib/firewalld/services/web.xml": '<service><port port="1" protocol="tcp"/></service>',
        "/usr/lib/firewalld/services/quic.xml": quic,
    }
    found = asyncio.run(probes.read_services(RecordedMachine({}, files), {"web", "none"}))
    assert found == {
        "none": ServiceText(),
        "web": ServiceText((), ("quic",)),
        "quic": ServiceText((PortRange(443, 443, "udp"),), ("web",)),
    }
