"""Probe for what the server's kernel drops of this run's own packets, and why.

After the target's port has failed, a script opens the kernel's tracepoints on the server, this
machine sends a few SYNs that are marked by their MSS, and the script prints what became of them
(shell/kernel_tap.py). It changes nothing. On a healthy site it never runs.
"""

import asyncio
import itertools
import re
import sys
from collections import Counter
from dataclasses import replace

from diagnose.machine import CommandResult
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.kernel import Counters, DroppedPacket, KernelDrop
from diagnose.model.tcp import Connection
from diagnose.parsers.linux import kernel as kernel_parser
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, emit_not_observed, probe
from diagnose.probes.inside.kernel import emit_counters_after

_TAP = re.sub(r"^from diagnose[^)]*\)$", "", read_script(__file__, "kernel_tap.py"), flags=re.M)
SCRIPT = read_script(__file__, "kernel_events.py") + "\n" + _TAP

#: Seconds for which the tap is open at most. It ends 0.1 s after the first drop. The second attempt
#: to connect, which is marked, repeats its SYN after 1 and 3 s.
WATCH_SECONDS, WATCH_SECONDS_FOR_RETRY = 2.5, 4.0

#: The times of the first marked SYNs, in seconds. The script takes a while to start. A rejecting
#: host sends six ICMP errors at once and then one a second, for all that this run tries. After a
#: time-out over SSH the second attempt to connect comes first.
SCHEDULE, SCHEDULE_FOR_REJECTS, SCHEDULE_FOR_RETRY = (0.15, 0.5, 1.2, 2.0), (0.5, 2.0), (2.0,)
#: Seconds between later SYNs, until the script ends. On a busy server it may start late. And some
#: kernels (seen: 6.18) lose the events of an idle processor for perf. A repeated SYN comes by the
#: same processor. A new connection has another port, so it may come by another queue and processor.
INTERVAL, PATIENCE = 1.5, 0.3

_FAILURES = {"refused", "timeout", "unreachable"}


@probe(after=Connection)
async def dropped(ctx: ProbeContext, connection: Connection) -> None:
    """Watch after the first failure of the target's port, if its packets get to the server."""
    failed = [attempt for attempt in ctx.observed(Connection) if _is_in_question(ctx, attempt)]
    if failed and failed[0] is connection:
        await _watch(ctx, connection)


def _is_in_question(ctx: ProbeContext, connection: Connection) -> bool:
    return (
        connection.purpose == "target"
        and connection.vantage is Vantage.HERE
        and connection.failure is not None
        and connection.failure.kind in _FAILURES
        and connection.rejected_by not in {"router", "self"}
        and not connection.unroutable
        and not ctx.options.by_proxy
        and (ctx.machine.via != "local" or ctx.net.is_mine(connection.address))
    )


async def _watch(ctx: ProbeContext, failed: Connection) -> None:
    at, schedule = ctx.elapsed(), _schedule(ctx, failed)
    is_retry = schedule is SCHEDULE_FOR_RETRY
    seconds = WATCH_SECONDS_FOR_RETRY if is_retry else WATCH_SECONDS
    arguments = (str(failed.port), str(ctx.syn_mark), str(seconds))
    words = (_interpreter(ctx), "-I", "-c", SCRIPT, *arguments)
    may_compare = failed.failure is not None and failed.failure.kind == "refused"
    may_compare = may_compare and bool(ctx.observed(Counters))
    async with asyncio.TaskGroup() as group:
        sender = group.create_task(_send_all(ctx, failed, schedule))
        result = await ctx.machine.run(*words)
        sender.cancel()
    if "ready" in result.out.splitlines():
        _emit_drops(ctx, at, result.took, failed, result.out)
    else:
        _emit_not_watched(ctx, at, result)
    if may_compare and any(attempt.purpose == "again" for attempt in ctx.observed(Connection)):
        await emit_counters_after(ctx)


def _schedule(ctx: ProbeContext, failed: Connection) -> tuple[float, ...]:
    """Return when to send the first SYNs. After a time-out the probe of connections tries again
    anyway."""
    kind = failed.failure.kind if failed.failure else ""
    if kind == "timeout" and ctx.options.server:
        return SCHEDULE_FOR_RETRY
    return SCHEDULE_FOR_REJECTS if kind == "unreachable" else SCHEDULE


def _interpreter(ctx: ProbeContext) -> str:
    """Return the Python of that machine: a packed program is none itself."""
    is_here = ctx.machine.via == "local" and not getattr(sys, "frozen", False)
    return sys.executable if is_here and sys.executable else "python3"


async def _send_all(ctx: ProbeContext, failed: Connection, schedule: tuple[float, ...]) -> None:
    """Send the SYNs of the schedule, then one in each interval, until this is cancelled."""
    begun = ctx.elapsed()
    for delay in itertools.chain(schedule, itertools.count(schedule[-1] + INTERVAL, INTERVAL)):
        await asyncio.sleep(max(begun + delay - ctx.elapsed(), 0))
        await _send(ctx, failed)


async def _send(ctx: ProbeContext, failed: Connection) -> None:
    at = ctx.elapsed()
    attempt = await ctx.net.connect(failed.address, failed.port, PATIENCE, mss=ctx.syn_mark)
    if attempt.stream is not None:
        attempt.stream.close()
    is_refused = attempt.failure is not None and attempt.failure.kind == "refused"
    if is_refused and failed.failure and failed.failure.kind == "refused":
        repeated_attempt = replace(
            failed,
            at=at,
            took=attempt.took,
            failure=attempt.failure,
            purpose="again",
            icmp=attempt.icmp,
            source=attempt.source,
            mss=ctx.syn_mark,
        )
        ctx.emit(repeated_attempt)


def _emit_not_watched(ctx: ProbeContext, at: float, result: CommandResult) -> None:
    """Say why nothing was watched. A server that cannot be entered is reported elsewhere."""
    failure = result.failure
    reason = clean(result.out.partition("cannot: ")[2].strip(), 100)
    if failure and failure.kind == "missing":
        reason = "there is no python3 on the server"
    elif failure and failure.kind == "exit":
        reason = clean(failure.message, 100)
    if reason:
        subject = "what the kernel does with packets of this run"
        emit_not_observed(ctx, subject, reason, f"sudo {_command()}", at=at)


def _command() -> str:
    return "perf trace -a --no-syscalls -e skb:kfree_skb -e tcp:tcp_send_reset"


def _emit_drops(ctx: ProbeContext, at: float, took: float, failed: Connection, out: str) -> None:
    """Emit each way in which SYNs ended, and how many did so."""
    packets: dict[str, DroppedPacket] = {"dropped": "syn", "reply-dropped": "reply"}
    for fate, count in Counter(kernel_parser.syn_fates(out)).items():
        if fate.name in packets and not _is_repeated(fate):
            ctx.emit(
                KernelDrop(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=took,
                    equivalent=_command(),
                    address=fate.address,
                    port=failed.port,
                    source=fate.source,
                    interface=fate.interface,
                    packet=packets[fate.name],
                    reason=fate.reason,
                    function=fate.function,
                    count=count,
                    was_reset=fate.was_reset,
                )
            )


def _is_repeated(fate: kernel_parser.SynFate) -> bool:
    """Return whether it may be a SYN that came once more for a connection that is half open.

    The kernel answers it with another SYN-ACK and then frees it in tcp_v4_rcv() without a reason
    (seen: 6.18; net/ipv4/tcp_minisocks.c, tcp_check_req). Nothing is lost then. Where the
    function's name is kept secret, it may be the same.
    """
    is_tcp = fate.function in {"", "tcp_v4_rcv", "tcp_v6_rcv"}
    return fate.name == "dropped" and fate.reason == "NOT_SPECIFIED" and is_tcp
