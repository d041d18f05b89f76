"""firewalld as the laboratory's was recorded (tests/machine/fixtures/debian-13)."""

import shlex
from pathlib import Path

import pytest

from diagnose.machine import Ran
from diagnose.machine.recorded import RecordedMachine
from diagnose.model import Failure, Unseen
from diagnose.model.server import Firewalld, PortRange, Zone
from diagnose.probes.inside.firewall import RUNTIME, SERVICES, firewalld
from tests.probes.looking import Looking, looked

RECORDED = Path(__file__).parents[1] / "machine" / "fixtures" / "debian-13"
ASK = shlex.join(("sh", "-c", RUNTIME))
BUS = {
    "runtime": ("sh", "-c", RUNTIME),
    "services": ("sh", "-c", SERVICES, "sh", "http", "https", "ssh"),
}
HTTPS = PortRange(443, 443, "tcp")
DENIED = Failure("denied", "Permission denied", 13)


def zone(look: Looking, name: str, permanent: bool) -> Zone:
    (found,) = [one for one in look.seen(Zone) if one.name == name and one.permanent is permanent]
    return found


@pytest.mark.parametrize("way", ["bus", "firewall-cmd"])
def test_the_running_and_the_permanent_configuration_are_seen(way: str) -> None:
    commands = {
        "list-all-zones": ("firewall-cmd", "--list-all-zones"),
        **(BUS if way == "bus" else {}),
    }
    machine = RecordedMachine.load(RECORDED, commands)
    if way == "firewall-cmd":
        machine = machine.also({"firewall-cmd --get-default-zone": "public\n"})
    look = looked(machine, firewalld)
    (daemon,) = look.seen(Firewalld)
    assert (daemon.running, daemon.default_zone, daemon.backend) == (True, "public", "nftables")
    assert dict(daemon.services)["https"] == (HTTPS,)
    for permanent in (False, True):
        public = zone(look, "public", permanent)
        assert (public.active, public.default) == (True, True)
        assert public.interfaces == ("eth0",)
        assert HTTPS in public.opens
        assert zone(look, "block", permanent).target == "%%REJECT%%"
        assert not zone(look, "dmz", permanent).active
    if way == "bus":
        assert not any(asked.startswith("firewall-cmd") for asked in machine.asked)


def test_that_it_does_not_run_is_a_fact() -> None:
    answer = "@ owner\nmethod return time=1 sender=x\n   boolean false\n"
    look = looked(RecordedMachine({ASK: answer}), firewalld)
    (daemon,) = look.seen(Firewalld)
    assert not daemon.running
    assert not look.seen(Zone)
    assert not look.seen(Unseen)


def test_that_it_is_not_installed_is_a_fact() -> None:
    (daemon,) = looked(RecordedMachine(), firewalld).seen(Firewalld)
    assert not daemon.running


def test_what_it_does_not_tell_this_user_is_said_to_be_unseen() -> None:
    answer = (
        "@ owner\nmethod return time=1 sender=x\n   boolean true\n@ getDefaultZone \n"
        "Error org.fedoraproject.slip.dbus.service.PolKit.NotAuthorizedException.x: info\n"
    )
    look = looked(RecordedMachine({ASK: answer}), firewalld)
    (unseen,) = look.observations
    assert isinstance(unseen, Unseen)
    assert unseen.enable == "sudo firewall-cmd --list-all-zones"


def test_files_that_only_root_may_read_are_said_to_be_unseen() -> None:
    machine = RecordedMachine.load(RECORDED, BUS).also(
        {}, {"/etc/firewalld/firewalld.conf": DENIED}
    )
    look = looked(machine, firewalld)
    assert zone(look, "public", permanent=False).admits(443)
    assert not [one for one in look.seen(Zone) if one.permanent]
    (unseen,) = look.seen(Unseen)
    assert unseen.enable == "sudo firewall-cmd --permanent --list-all-zones"


def test_a_file_of_the_administrator_comes_before_that_of_the_package() -> None:
    machine = RecordedMachine.load(RECORDED, BUS).also(
        {},
        {
            "/etc/firewalld/services/https.xml": (
                '<service><port protocol="tcp" port="8443"/></service>'
            ),
            "/etc/firewalld/zones/dmz.xml": "<zone",
        },
    )
    look = looked(machine, firewalld)
    assert not zone(look, "public", permanent=True).admits(443)
    assert zone(look, "public", permanent=False).admits(443)
    # A file that is no XML firewalld passes over as well.
    assert not [one for one in look.seen(Zone) if one.permanent and one.name == "dmz"]


def test_an_old_daemon_is_asked_by_firewall_cmd() -> None:
    old = "@ owner\nmethod return time=1\n   boolean true\n@ getDefaultZone \nmethod return x\n"
    old += '   string "public"\n@ zone.getZoneSettings2 public\nError x.UnknownMethod: no\n'
    listed = "public (default, active)\n  target: default\n  interfaces: eth0\n  services: ssh\n"
    machine = RecordedMachine(
        {
            ASK: Ran(("sh",), 1, old, "", 0.0),
            "firewall-cmd --list-all-zones": listed,
            "firewall-cmd --get-default-zone": "public\n",
        }
    )
    assert zone(looked(machine, firewalld), "public", permanent=False).services == ("ssh",)
