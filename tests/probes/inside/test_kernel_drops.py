"""When the tap is opened, and what is made of its lines."""

import asyncio
import shlex
import sys
from dataclasses import replace
from typing import Any

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure, Unseen
from diagnose.model.kernel import Counters, KernelDrop
from diagnose.model.tcp import Connection, IcmpError
from diagnose.net import ConnectResult
from diagnose.probes import Options
from diagnose.probes.inside import kernel_drops
from diagnose.probes.inside.kernel_drops import SCRIPT, dropped
from tests.support.check_evidence import REFUSED, TIMEOUT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

ADDRESS, CLIENT = "203.0.113.10", "198.51.100.10"
SILENT = Connection(address=ADDRESS, port=443, family=4, failure=TIMEOUT, source=CLIENT)
WORDS = ("-I", "-c", SCRIPT, "443", "1100", "2.5")
THERE, HERE = (shlex.join((python, *WORDS)) for python in ("python3", sys.executable))
LINE = f"syn {CLIENT} 40000 {ADDRESS} eth0 dropped NETFILTER_DROP nft_do_chain -\n"


class SlowMachine(RecordedMachine):
    """One that lets others work before it answers, as a real one does."""

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        for _ in range(5):
            await asyncio.sleep(0)
        return await super().run(*argv, timeout=timeout)


class FakeNet:
    """A network in which nothing is reached, and that has some addresses."""

    failure = TIMEOUT

    def __init__(self, *mine: str) -> None:
        self.mine, self.marks = mine, list[int | None]()

    def is_mine(self, address: str) -> bool:
        return address in self.mine

    async def connect(
        self, address: str, port: int, timeout: float, mss: int | None = None
    ) -> ConnectResult:
        self.marks.append(mss)
        return ConnectResult(timeout, failure=self.failure)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_drops, "SCHEDULE", (0.0,))


def after(
    failed: Connection, out: str | CommandResult = "", via: str = "ssh://web", **fields: Any
) -> Looking:
    ctx = Looking(SlowMachine({THERE: out, HERE: out}, via=via))
    ctx.net = FakeNet(*fields.get("mine", ()))
    ctx.options = fields.get("options", Options())
    ctx.emit(failed)
    asyncio.run(dropped.work(ctx, failed))  # type: ignore[arg-type]
    return ctx


def test_what_was_dropped_is_emitted_once_with_its_count() -> None:
    looking = after(SILENT, "ready\n" + LINE * 3 + LINE.replace("dropped", "passed"))
    (drop,) = looking.observed(KernelDrop)
    assert (drop.text, drop.interface, drop.source) == (
        "NETFILTER_DROP, nft_do_chain",
        "eth0",
        CLIENT,
    )
    assert (drop.packet, drop.count, drop.by_netfilter) == ("syn", 3, True)
    assert looking.net.marks == [1100]


def test_a_dropped_reply_and_a_reset_are_told_apart() -> None:
    reply = LINE.replace("dropped", "reply-dropped")
    refused = LINE.replace("NETFILTER_DROP nft_do_chain -", "NO_SOCKET - reset")
    looking = after(replace(SILENT, failure=REFUSED), "ready\n" + reply + refused)
    first, second = looking.observed(KernelDrop)
    assert (first.packet, first.was_reset) == ("reply", False)
    assert (second.packet, second.was_reset, second.text) == ("syn", True, "NO_SOCKET")


@pytest.mark.parametrize(
    "line", ["", "syn", LINE.replace(CLIENT, "?"), LINE + "x", "ready " + LINE, "syn " * 9]
)
def test_other_lines_are_left_out(line: str) -> None:
    assert len(after(SILENT, "ready\n" + line).observed(KernelDrop)) <= (line == LINE + "x")


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("cannot: tracefs is not mounted\n", "tracefs is not mounted"),
        ("cannot: needs root\n", "needs root"),
        (
            CommandResult(("python3",), 127, "", "", 0.1, Failure("missing", "not found", 127)),
            "there is no python3 on the server",
        ),
        (
            CommandResult(("python3",), 1, "", "", 0.1, Failure("exit", "SyntaxError: x", 1)),
            "SyntaxError: x",
        ),
    ],
)
def test_what_hinders_it_is_said(out: str | CommandResult, why: str) -> None:
    looking = after(SILENT, out)
    (unseen,) = looking.observed(Unseen)
    assert (unseen.why, unseen.what) == (why, "what the kernel does with packets of this run")
    assert unseen.enable.startswith("sudo perf trace")
    assert not looking.observed(KernelDrop)


def test_a_server_that_cannot_be_entered_is_said_elsewhere() -> None:
    closed = CommandResult(("python3",), None, "", "", 0.1, Failure("closed", "lost", 255))
    assert len(after(SILENT, closed).observations) == 1


@pytest.mark.parametrize(
    "connection",
    [
        replace(SILENT, failure=None),
        replace(SILENT, purpose="plain"),
        replace(SILENT, purpose="control"),
        replace(
            SILENT,
            failure=Failure("unreachable", "No route to host", 113),
            icmp=IcmpError(4, 3, 1, "198.51.100.1"),
        ),
    ],
    ids=["open", "plain", "control", "rejected by a router"],
)
def test_nothing_is_opened_without_a_question(connection: Connection) -> None:
    looking = after(connection, "ready\n" + LINE)
    assert not looking.machine.commands_run  # type: ignore[attr-defined]
    assert not looking.net.marks


def test_nothing_is_opened_through_a_proxy() -> None:
    looking = after(SILENT, "ready\n" + LINE, options=Options(proxy="http://192.0.2.1:3128"))
    assert not looking.machine.commands_run  # type: ignore[attr-defined]


def test_on_the_server_only_its_own_addresses_are_watched() -> None:
    assert not after(SILENT, "ready\n" + LINE, via="local").observed(KernelDrop)
    looking = after(SILENT, "ready\n" + LINE, via="local", mine=(ADDRESS,))
    assert looking.observed(KernelDrop)
    assert looking.machine.commands_run == [HERE]  # type: ignore[attr-defined]


def test_it_is_opened_once() -> None:
    looking = after(SILENT, "ready\n" + LINE)
    second = looking.emit(replace(SILENT, address="2001:db8::1", family=6))
    asyncio.run(dropped.work(looking, second))  # type: ignore[arg-type]
    assert len(looking.machine.commands_run) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("options", [Options(), Options(server="ssh://web")])
def test_packets_are_sent_until_the_tap_ends(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy server opens its tap late, or cannot say what became of the first ones."""
    monkeypatch.setattr(kernel_drops, "SCHEDULE_FOR_RETRY", (0.0,))
    monkeypatch.setattr(kernel_drops, "INTERVAL", 0.0)
    enough = asyncio.Event()

    class CountingNet(FakeNet):
        async def connect(self, *words: Any, **fields: Any) -> ConnectResult:
            if len(self.marks) == 9:
                enough.set()
            return await super().connect(*words, **fields)

    class BusyMachine(RecordedMachine):
        async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
            await enough.wait()
            return await super().run(*argv, timeout=timeout)

    out = "ready\n" + LINE
    answers = {THERE: out, THERE.replace(" 2.5", " 4.0"): out}
    ctx = Looking(BusyMachine(answers, via="ssh://web"))
    ctx.net, ctx.options = CountingNet(), options
    ctx.emit(SILENT)
    asyncio.run(dropped.work(ctx, SILENT))  # type: ignore[arg-type]
    assert ctx.observed(KernelDrop)
    assert len(ctx.net.marks) >= 9


GREP = shlex.join(("grep", "-sH", ".", "/proc/net/netstat", "/proc/net/snmp"))
SNMP = """\
/proc/net/snmp:Tcp: InSegs OutSegs RetransSegs InErrs OutRsts
/proc/net/snmp:Tcp: 90 80 1 0 7
"""


def test_after_a_refusal_the_kernels_resets_are_counted_again() -> None:
    refused = replace(SILENT, failure=REFUSED)
    ctx = Looking(SlowMachine({THERE: "ready\n", GREP: SNMP}, via="ssh://web"))
    ctx.net = FakeNet()
    ctx.net.failure = REFUSED
    ctx.emit(Counters())
    ctx.emit(refused)
    asyncio.run(dropped.work(ctx, refused))  # type: ignore[arg-type]
    again = [connection for connection in ctx.observed(Connection) if connection.purpose == "again"]
    assert [one.mss for one in again] == [1100]
    assert [counters.get("OutRsts") for counters in ctx.observed(Counters)] == [None, 7]


def test_after_a_time_out_over_ssh_the_second_attempt_is_watched() -> None:
    """It is marked, and no further SYN uses up what a rejecting host may say."""
    command = THERE.replace(" 2.5", " 4.0")
    ctx = Looking(SlowMachine({command: "ready\n" + LINE}, via="ssh://web"))
    ctx.net, ctx.options = FakeNet(), Options(server="ssh://web")
    ctx.emit(SILENT)
    asyncio.run(dropped.work(ctx, SILENT))  # type: ignore[arg-type]
    assert not ctx.net.marks
    assert ctx.observed(KernelDrop)


@pytest.mark.parametrize("function", ["tcp_v4_rcv", "tcp_v6_rcv", "-"])
def test_a_syn_that_came_again_for_a_half_open_connection_is_not_lost(function: str) -> None:
    line = f"syn {CLIENT} 40000 {ADDRESS} eth0 dropped NOT_SPECIFIED {function} -\n"
    assert not after(SILENT, f"ready\n{line}").observed(KernelDrop)


def test_a_drop_without_a_reason_elsewhere_is_told() -> None:
    line = f"syn {CLIENT} 40000 {ADDRESS} eth0 dropped NOT_SPECIFIED tcf_classify -\n"
    (drop,) = after(SILENT, f"ready\n{line}").observed(KernelDrop)
    assert drop.function == "tcf_classify"
