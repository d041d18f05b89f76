"""firewalld as the laboratory's was recorded (tests/machine/fixtures/debian-13)."""

import shlex
from pathlib import Path

import pytest

from diagnose.model import Failure, Unseen
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.parsers.firewalld import MAX_SET_ENTRIES
from diagnose.probes.inside.firewall import firewalld
from diagnose.probes.inside.firewalld_runtime import RUNTIME_SCRIPT, SERVICES_SCRIPT
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13"
ASK = shlex.join(("sh", "-c", RUNTIME_SCRIPT, "sh", str(MAX_SET_ENTRIES + 1)))
BUS = {
    "runtime": ("sh", "-c", RUNTIME_SCRIPT, "sh", str(MAX_SET_ENTRIES + 1)),
    "services": ("sh", "-c", SERVICES_SCRIPT, "sh", "http", "https", "ssh"),
}
HTTPS = PortRange(443, 443, "tcp")
DENIED = Failure("denied", "Permission denied", 13)


def zone(ctx: Looking, name: str, permanent: bool) -> Zone:
    (found,) = [
        one for one in ctx.observed(Zone) if one.name == name and one.permanent is permanent
    ]
    return found


@pytest.mark.parametrize("way", ["bus", "firewall-cmd"])
def test_the_running_and_the_permanent_configuration_are_seen(way: str) -> None:
    commands = {
        "list-all-zones": ("firewall-cmd", "--list-all-zones"),
        **(BUS if way == "bus" else {}),
    }
    machine = RecordedMachine.load(RECORDED, commands)
    if way == "firewall-cmd":
        machine = machine.with_overrides({"firewall-cmd --get-default-zone": "public\n"})
    ctx = looked(machine, firewalld)
    (daemon,) = ctx.observed(Firewalld)
    assert (daemon.running, daemon.default_zone, daemon.backend) == (True, "public", "nftables")
    assert dict(daemon.services)["https"] == (HTTPS,)
    for permanent in (False, True):
        public = zone(ctx, "public", permanent)
        assert (public.active, public.default) == (True, True)
        assert public.interfaces == ("eth0",)
        assert HTTPS in public.opens
        assert zone(ctx, "block", permanent).target == "%%REJECT%%"
        assert not zone(ctx, "dmz", permanent).active
    if way == "bus":
        assert not any(asked.startswith("firewall-cmd") for asked in machine.commands_run)


def test_that_it_does_not_run_is_a_fact() -> None:
    answer = "@ owner\nmethod return time=1 sender=x\n   boolean false\n"
    ctx = looked(RecordedMachine({ASK: answer}), firewalld)
    (daemon,) = ctx.observed(Firewalld)
    assert not daemon.running
    assert not ctx.observed(Zone)
    assert not ctx.observed(Unseen)


def test_that_it_is_not_installed_is_a_fact() -> None:
    (daemon,) = looked(RecordedMachine(), firewalld).observed(Firewalld)
    assert not daemon.running


def test_what_it_does_not_tell_this_user_is_said_to_be_unseen() -> None:
    answer = (
        "@ owner\nmethod return time=1 sender=x\n   boolean true\n@ getDefaultZone \n"
        "Error org.fedoraproject.slip.dbus.service.PolKit.NotAuthorizedException.x: info\n"
    )
    ctx = looked(RecordedMachine({ASK: answer}), firewalld)
    (unseen,) = ctx.observations
    assert isinstance(unseen, Unseen)
    assert unseen.enable == "sudo firewall-cmd --list-all-zones"


def test_files_that_only_root_may_read_are_said_to_be_unseen() -> None:
    machine = RecordedMachine.load(RECORDED, BUS).with_overrides(
        {}, {"/etc/firewalld/firewalld.conf": DENIED}
    )
    ctx = looked(machine, firewalld)
    assert zone(ctx, "public", permanent=False).admits(443)
    assert not [one for one in ctx.observed(Zone) if one.permanent]
    (unseen,) = ctx.observed(Unseen)
    assert unseen.enable == "sudo firewall-cmd --permanent --list-all-zones"


HEAD = "method return time=1795542966.33 sender=:1.0 -> destination=:1.20 serial=9 reply_serial=2\n"
# What firewalld 2.3 says of a policy and of the rest, one zone kept.
MORE = f"""\
@ caller 198.51.100.10
@ owner
{HEAD}   boolean true
@ getDefaultZone
{HEAD}   string "public"
@ queryPanicMode
{HEAD}   boolean true
@ zone.getActiveZones
{HEAD}   array [
   ]
@ zone.getZoneSettings2 public
{HEAD}   array [
      dict entry(
         string "sources"
         variant             array [
               string "ipset:office"
            ]
      )
   ]
@ policy.getPolicySettings guard
{HEAD}   array [
      dict entry(
         string "target"
         variant             string "DROP"
      )
      dict entry(
         string "services"
         variant             array [
               string "https"
            ]
      )
      dict entry(
         string "priority"
         variant             int32 -10
      )
      dict entry(
         string "ingress_zones"
         variant             array [
               string "ANY"
            ]
      )
      dict entry(
         string "egress_zones"
         variant             array [
               string "HOST"
            ]
      )
   ]
@ ipset office
192.0.2.0/24
@ direct.getAllRules
{HEAD}   array [
      struct {{
         string "ipv4"
         string "filter"
         string "INPUT"
         int32 0
         array [
            string "-p"
            string "tcp"
            string "--dport"
            string "443"
            string "-j"
            string "ACCEPT"
         ]
      }}
   ]
@ direct.getAllPassthroughs
{HEAD}   array [
   ]
@ version
{HEAD}   variant       string "2.3.1"
"""
FILES = {
    "/etc/firewalld/firewalld.conf": "DefaultZone=public\nAllowZoneDrifting=yes\n",
    "/etc/firewalld/zones/public.xml": "<zone><service name='https'/></zone>",
    "/usr/lib/firewalld/zones/public.xml": "<zone/>",
    "/usr/lib/firewalld/policies/guard.xml": "<policy/>",
    "/etc/firewalld/policies/guard.xml": '<policy priority="-5" target="REJECT"/>',
    "/etc/firewalld/ipsets/office.xml": "<ipset><entry>192.0.2.0/25</entry></ipset>",
    "/usr/lib/firewalld/services/https.xml": (
        '<service><port protocol="tcp" port="443"/></service>'
    ),
}


def test_policies_sets_and_direct_rules_are_seen() -> None:
    ctx = looked(RecordedMachine({ASK: MORE}, FILES, "ssh://web"), firewalld)
    (daemon,) = ctx.observed(Firewalld)
    assert (daemon.panic, daemon.version, daemon.caller) == (True, "2.3.1", "198.51.100.10")
    assert daemon.direct == ("ipv4 filter INPUT 0 -p tcp --dport 443 -j ACCEPT",)
    assert daemon.permanent_direct == ()
    assert dict(daemon.permanent_services)["https"] == (HTTPS,)
    # It drifts before 1.0 only.
    assert not daemon.drifts
    now, later = ctx.observed(Policy)
    assert (now.target, now.priority, now.ingress, now.egress) == ("DROP", -10, ("ANY",), ("HOST",))
    assert (later.target, later.priority, later.permanent) == ("REJECT", -5, True)
    sets = [(ip_set.permanent, ip_set.entries, ip_set.whole) for ip_set in ctx.observed(IpSet)]
    assert sets == [(False, ("192.0.2.0/24",), True), (True, ("192.0.2.0/25",), True)]
    assert zone(ctx, "public", permanent=True).admits(443)


def test_of_a_long_set_only_the_beginning_is_kept() -> None:
    long = "\n".join(f"192.0.2.{number % 256}" for number in range(600))
    machine = RecordedMachine({ASK: MORE.replace("192.0.2.0/24", long)}, FILES)
    now, _ = looked(machine, firewalld).observed(IpSet)
    assert (len(now.entries), now.whole) == (500, False)


def test_who_asks_from_here_is_no_caller() -> None:
    (daemon,) = looked(RecordedMachine({ASK: MORE}, FILES), firewalld).observed(Firewalld)
    assert daemon.caller == ""
