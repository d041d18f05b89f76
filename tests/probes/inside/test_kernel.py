"""The kernel as the scripts of the probe print it, and these scripts themselves on this machine."""

import asyncio
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure, Observation, Unseen, Vantage
from diagnose.model.addresses import ROOT_SERVERS
from diagnose.model.clock import Clock
from diagnose.model.kernel import (
    Arrival,
    Boot,
    Capture,
    Counters,
    HalfOpen,
    Kernel,
    Queue,
    Queues,
    TimeSync,
)
from diagnose.model.processes import Holder, PortHolders
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.model.visitor import Visitor
from diagnose.parsers.linux.kernel import captured_packets
from diagnose.probes import Options
from diagnose.probes.inside.kernel import (
    AFTER_FAILURE_SCRIPT,
    CLOCK_SCRIPT,
    FIRST_SCRIPT,
    PACKET_WATCHER,
    WATCH_SECONDS,
    clock,
    kernel,
    lost,
    stalled,
    vantage_silent,
)
from diagnose.probes.inside.port_holders import SCRIPT as HOLDERS_SCRIPT
from tests.support.check_evidence import TIMEOUT
from tests.support.fake_context import Looking, looked
from tests.support.recorded_machine import RecordedMachine
from tests.support.vantage_evidence import again, point, silent, visit

ASKED = shlex.join(("sh", "-c", FIRST_SCRIPT, "sh", "443", ROOT_SERVERS[4], ROOT_SERVERS[6]))
HERE, THERE = (
    shlex.join(
        (
            "sh",
            "-c",
            AFTER_FAILURE_SCRIPT,
            "sh",
            "443",
            seconds,
            PACKET_WATCHER,
            "1500",
            HOLDERS_SCRIPT,
        )
    )
    for seconds in ("0", str(WATCH_SECONDS))
)

SAID = """\
@ files
/proc/sys/net/ipv4/conf/all/rp_filter:0
/proc/sys/net/ipv4/conf/eth1/rp_filter:1
/proc/sys/net/netfilter/nf_conntrack_max:262144
/proc/sys/net/core/somaxconn:4096
/proc/net/netstat:TcpExt: ListenOverflows IPReversePathFilter
/proc/net/netstat:TcpExt: 3 20
/proc/sys/net/netfilter/nf_conntrack_count:5
/etc/firewalld/firewalld.conf:IPv6_rpfilter=strict
@ client
198.51.100.10 45746 203.0.113.10 22
@ queues
State  Recv-Q Send-Q Local Address:Port Peer Address:Port
LISTEN 0      511          0.0.0.0:443       0.0.0.0:*
@ arrivals
? 198.41.0.4 192.0.2.10 eth1
RTNETLINK answers: Invalid argument
@ boot
process nginx
manager systemd
Id=nginx.service
LoadState=loaded
UnitFileState=enabled
ActiveState=active
WantedBy=multi-user.target
"""
AGAIN = """\
@ watch
tcpdump: verbose output suppressed, use -v[v]... for full protocol decode
listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes
IP 198.51.100.10.51234 > server.443: Flags [S]
@ files
/proc/net/netstat:TcpExt: ListenOverflows IPReversePathFilter
/proc/net/netstat:TcpExt: 9 20
@ half-open
Recv-Q Send-Q Local Address:Port   Peer Address:Port
0      0       203.0.113.10:443   198.51.100.10:38044
@ queues
LISTEN 3      2            0.0.0.0:443       0.0.0.0:*
@ holders
37 (nginx) T 35 35 35
"""
SILENT = Connection(address="203.0.113.10", port=443, family=4, failure=TIMEOUT)


def after(machine: RecordedMachine, seen: Connection) -> Looking:
    ctx = Looking(machine)
    ctx.emit(seen)
    asyncio.run(lost.work(ctx, seen))  # type: ignore[arg-type]
    return ctx


def test_one_script_tells_it_all() -> None:
    machine = RecordedMachine({ASKED: SAID})
    ctx = looked(machine, kernel)
    (settings,) = ctx.observed(Kernel)
    assert (settings.strictness("eth0"), settings.strictness("eth1")) == (0, 1)
    assert (settings.trackable, settings.longest_queue) == (262144, 4096)
    assert (settings.client, settings.ipv6_reverse_path) == ("198.51.100.10", "strict")
    (read,) = ctx.observed(Counters)
    assert (read.get("ListenOverflows"), read.tracked) == (3, 5)
    (waiting,) = ctx.observed(Queues)
    assert waiting.on(443) == (Queue("0.0.0.0", 443, 0, 511),)
    (arrival,) = ctx.observed(Arrival)
    assert arrival.failure is not None
    assert arrival.equivalent == "ip route get 192.0.2.10 from 198.41.0.4 iif eth1"
    (boot,) = ctx.observed(Boot)
    assert (boot.service, boot.state, boot.running) == ("nginx.service", "enabled", True)
    assert machine.commands_run == [ASKED]


def test_a_server_that_cannot_be_entered_says_nothing() -> None:
    denied = CommandResult(("sh",), None, "", "", 0.0, Failure("denied", "Permission denied", 255))
    assert not looked(RecordedMachine({ASKED: denied}), kernel).observations


def test_after_silence_the_server_watches_for_what_this_machine_sends() -> None:
    looking = after(RecordedMachine({THERE: AGAIN}, via="ssh://web"), SILENT)
    (watch,) = looking.observed(Capture)
    assert (watch.sources, watch.complete) == (("198.51.100.10",), True)
    (half,) = looking.observed(HalfOpen)
    assert half.sources == ("198.51.100.10",)
    (read,) = looking.observed(Counters)
    assert read.get("ListenOverflows") == 9
    (waiting,) = looking.observed(Queues)
    assert waiting.queues[0].full
    (holding,) = looking.observed(PortHolders)
    assert (holding.port, holding.holders) == (443, (Holder(37, "nginx", "T"),))


CLOCKED = """\
@ watch
clock: began 1000.00
listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes
clock: awake 1002.50
clock: ended 1004.60
@ files
@ end
clock: end 1004.70
"""


def test_how_long_it_surely_watched_is_told_by_the_servers_own_clock() -> None:
    """The answer took 6 s and the script 4.7: it may have begun 1.3 s late, and slept 2.5 s."""
    ran = CommandResult(("sh",), 0, CLOCKED, "", 6.0)
    (watch,) = after(RecordedMachine({THERE: ran}, via="ssh://web"), SILENT).observed(Capture)
    assert watch.begun is not None
    assert watch.ended is not None
    assert round(watch.begun - watch.at, 2) == 3.8
    assert round(watch.ended - watch.at, 2) == 4.6


def test_the_server_itself_has_nothing_to_watch() -> None:
    looking = after(RecordedMachine({HERE: AGAIN}), SILENT)
    assert not looking.observed(Capture)
    assert looking.observed(Counters)


def after_elsewhere(*observations: Observation, **options: Any) -> Looking:
    """What the server itself observes after the last visit of another place."""
    ctx = Looking(RecordedMachine({THERE: AGAIN}))
    ctx.options = Options(**options)
    for observation in observations:
        ctx.emit(observation)
    asyncio.run(vantage_silent.work(ctx, observations[-1]))  # type: ignore[arg-type]
    return ctx


def test_the_server_watches_for_what_another_place_sends() -> None:
    looking = after_elsewhere(point(source="198.51.100.7"), silent())
    assert looking.observed(Capture)
    (visitor,) = looking.observed(Visitor)
    assert (visitor.address, visitor.vantage) == ("198.51.100.7", Vantage.ELSEWHERE)


def test_the_rules_are_judged_for_no_address_that_is_translated_or_not_asked_for() -> None:
    assert not after_elsewhere(point(source="10.0.0.7"), silent()).observed(Visitor)
    assert not after_elsewhere(point(source="2001:db8::7"), silent()).observed(Visitor)
    known = point(source="198.51.100.7")
    assert not after_elsewhere(known, silent(), visitor="192.0.2.1").observed(Visitor)


def test_the_rules_are_judged_for_a_place_that_is_rejected() -> None:
    rejected = silent(failure=Failure("unreachable", "No route to host", 113, "EHOSTUNREACH"))
    looking = after_elsewhere(point(source="198.51.100.7"), rejected)
    assert looking.observed(Visitor)
    assert not looking.observed(Capture)


def test_the_server_watches_once_and_not_for_what_it_does_itself() -> None:
    assert not after_elsewhere(silent(), again()).observed(Capture)
    assert not after_elsewhere(SILENT, silent()).observed(Capture)
    assert not after_elsewhere(visit()).observed(Capture)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("cannot: needs root", "needs root"),
        (
            "tcpdump: syntax error in filter expression",
            "tcpdump: syntax error in filter expression",
        ),
        ("", "no answer"),
    ],
)
def test_what_cannot_be_watched_is_said_to_be_unseen(said: str, why: str) -> None:
    _, _, rest = AGAIN.partition("@ files")
    said = f"@ watch\n{said}\n@ files{rest}"
    looking = after(RecordedMachine({THERE: said}, via="ssh://web"), SILENT)
    (unseen,) = looking.observed(Unseen)
    assert unseen.why == why
    assert unseen.enable.startswith("sudo tcpdump -n -i any 'tcp port 443")
    assert not looking.observed(Capture)


def test_without_root_what_was_dropped_is_said_to_be_unseen() -> None:
    head, half_open, rest = AGAIN.partition("@ half-open")
    looking = after(RecordedMachine({HERE: f"{head}@ denied\n{half_open}{rest}"}), SILENT)
    (unseen,) = looking.observed(Unseen)
    assert (unseen.why, unseen.enable) == ("needs root", "sudo cat /proc/net/stat/nf_conntrack")


def test_nothing_is_asked_again_while_all_goes_well() -> None:
    machine = RecordedMachine()
    after(machine, Connection(address="203.0.113.10", port=443, family=4))
    plain = Connection(address="203.0.113.10", port=80, family=4, purpose="plain", failure=TIMEOUT)
    after(machine, plain)
    assert not machine.commands_run


def test_a_handshake_that_stalls_is_looked_into_once() -> None:
    machine = RecordedMachine({HERE: AGAIN})
    ctx = Looking(machine)
    for _ in range(2):
        stuck = ctx.emit(Handshake(address="203.0.113.10", port=443, failure=TIMEOUT))
        asyncio.run(stalled.work(ctx, stuck))  # type: ignore[arg-type]
    assert machine.commands_run == [HERE]


def test_clocks_that_differ_are_asked_whom_they_follow() -> None:
    said = "@ timedatectl\n@ chronyc\nLeap status     : Not synchronised\n"
    ctx = Looking(RecordedMachine({shlex.join(("sh", "-c", CLOCK_SCRIPT)): said}))
    for ahead in (3.0, 300.0, 400.0):
        seen = ctx.emit(Clock(source="203.0.113.10", ahead_s=ahead))
        asyncio.run(clock.work(ctx, seen))  # type: ignore[arg-type]
    (sync,) = ctx.observed(TimeSync)
    assert (sync.synchronized, sync.equivalent) == (False, "chronyc tracking")


def test_the_script_ends_well_without_any_tool() -> None:
    """Only the shell's own words are there."""
    words = ["/bin/sh", "-c", FIRST_SCRIPT, "sh", "443", ROOT_SERVERS[4], ROOT_SERVERS[6]]
    result = subprocess.run(
        words, capture_output=True, text=True, check=False, env={"PATH": "/none"}
    )
    assert result.returncode == 0
    assert "@ files" in result.stdout
    assert "@ boot" in result.stdout


#: A stand-in for tcpdump(8): the capture runs until it is ended, the control ends with its first
#: packet, if there is one.
TCPDUMP = """#!/bin/sh
case "$*" in
  *"-c 1 src host 198.51.100.10"*) [ -e "$CONTROL" ] && exit 0 ;;
  *) echo "listening on any, link-type LINUX_SLL2"
     echo "eth0  In  IP 198.51.100.10.5 > 203.0.113.10.443: Flags [S], options [mss 1111], x" ;;
esac
exec sleep 60
"""


@pytest.mark.parametrize("came", [True, False])
def test_the_script_says_whether_the_session_was_captured(came: bool, tmp_path: Path) -> None:
    """tcpdump and id are stand-ins, which the script finds first."""
    tool, control = tmp_path / "tcpdump", tmp_path / "control"
    tool.write_text(TCPDUMP)
    tool.chmod(0o755)
    if came:
        control.touch()
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "id").chmod(0o755)
    words = ["/bin/sh", "-c", AFTER_FAILURE_SCRIPT, "sh", "443", "0.3", PACKET_WATCHER, "9", ""]
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin:/usr/sbin:/sbin",
        "SSH_CONNECTION": "198.51.100.10 45746 203.0.113.10 22",
        "CONTROL": str(control),
    }
    result = subprocess.run(words, capture_output=True, text=True, check=False, env=env, timeout=20)
    watched = result.stdout.partition("@ watch")[2].partition("@ files")[0]
    packets = captured_packets(watched, 9, 443)
    assert packets.sources == ("198.51.100.10",)
    assert packets.control is came
