"""Probes for connections to every address of the target, and for the cause of a failure.

A host that rejects with ICMP limits these errors: Linux sends six at once, then one per second
(icmp(7), icmp_ratelimit), for all its ports and addresses together. A prober that is too fast
mistakes a reject for a drop. So at most six SYNs are unanswered at a time, each attempt lasts long
enough for its retransmissions to be answered, and a silent address is tried again.

On a healthy site, each address gets one connection to the target's port and one to port 80.
"""

import asyncio
import contextlib
import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from diagnose.model import Unseen
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection, ConnectionPurpose, Hop, Proxy, Walk
from diagnose.model.tls import Handshake
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult
from diagnose.net.deadline import deadline
from diagnose.probes import ProbeContext, probe

#: Maximum number of addresses of one family.
ADDRESSES = 8

#: The ICMP rate limit: maximum unanswered SYNs, and seconds until one no longer counts.
BURST = 6
REFILL = 1.0

#: Limits of a route trace: hops, concurrent hops, seconds per hop (shorter than the SYN's
#: retransmission), seconds in total, and consecutive silent hops after which it ends.
HOPS = 20
PARALLEL_HOPS = 4
HOP_PATIENCE = 0.9
WALK_PATIENCE = 3.0
SILENT_HOPS = 3

#: Bytes. Segments of this size pass every path (the default of RFC 9293 section 3.7.1).
SMALL_SEGMENTS = 536


class SynLimiter:
    """Limits unanswered SYNs, so that a reject's rate limit is not reached."""

    def __init__(self) -> None:
        self._semaphore = asyncio.Semaphore(BURST)

    @asynccontextmanager
    async def acquire_slot(self) -> AsyncIterator["SynSlot"]:
        await self._semaphore.acquire()
        slot = SynSlot(self._semaphore)
        timer = asyncio.get_running_loop().call_later(REFILL, slot.release)
        yield slot
        if slot.answered:
            timer.cancel()
            slot.release()


class SynSlot:
    """The slot of one SYN, released when TCP itself has answered, or after REFILL seconds."""

    def __init__(self, semaphore: asyncio.Semaphore) -> None:
        self.answered = False
        self._semaphore: asyncio.Semaphore | None = semaphore

    def release(self) -> None:
        semaphore, self._semaphore = self._semaphore, None
        if semaphore is not None:
            semaphore.release()


@probe()
async def proxy(ctx: ProbeContext) -> None:
    """Emit the proxy of this run, or the one that other programs on this machine would use."""
    from diagnose.parsers import proxy_url

    target = ctx.target
    if ctx.options.by_proxy:
        url = proxy_url.masked(ctx.options.proxy or "")
        ctx.emit(Proxy(at=ctx.elapsed(), url=url, source="--proxy", used=True))
        reason = "the proxy resolves the name and makes the connections"
        ctx.emit(Unseen(at=ctx.elapsed(), what="DNS, ICMP errors, the route, port 80", why=reason))
        return
    proxy_setting = proxy_url.from_environment(os.environ, target.scheme)
    if proxy_setting and ctx.options.proxy != "none":
        variable, value = proxy_setting
        exempt = proxy_url.is_exempt(os.environ, target.host)
        url = proxy_url.masked(value)
        ctx.emit(
            Proxy(
                at=ctx.elapsed(),
                url=url,
                source=variable,
                exempt=exempt,
                equivalent=shlex.join(("printenv", variable)),
            )
        )


@probe(after=Resolution)
async def connect(ctx: ProbeContext, resolution: Resolution) -> None:
    """Connect to the target's port, and to port 80 for the redirect, on every new address."""
    addresses, limiter = (
        [
            address
            for address in _new_addresses(ctx, resolution)
            if address in resolution.allowed_addresses
        ],
        SynLimiter(),
    )
    for address in resolution.addresses:
        if address not in resolution.allowed_addresses:
            reason = "a link-local or metadata address is asked only as the target itself"
            ctx.emit(Unseen(at=ctx.elapsed(), what=address, why=reason))
    for address in addresses:
        ctx.start(_try_target(ctx, limiter, address))
    if _wants_plain(ctx):
        for address in addresses:
            ctx.start(_try_plain(ctx, limiter, address))


@probe(after=Handshake)
async def small_segments(ctx: ProbeContext, handshake: Handshake) -> None:
    """Repeat a stalled handshake with small segments.

    It succeeds only if large packets are lost on the path.
    """
    stalled = [
        candidate
        for candidate in ctx.observed(Handshake)
        if candidate.variant == "normal"
        and candidate.failure
        and candidate.failure.kind == "timeout"
    ]
    if stalled and stalled[0] is handshake and not ctx.options.by_proxy:
        await _try_small_segments(ctx, handshake)


def _new_addresses(ctx: ProbeContext, resolution: Resolution) -> list[str]:
    known_addresses: set[str] = set()
    for earlier_resolution in ctx.observed(Resolution):
        if earlier_resolution is resolution:
            break
        known_addresses.update(earlier_resolution.addresses)
    return [
        address for address in dict.fromkeys(resolution.addresses) if address not in known_addresses
    ][:ADDRESSES]


def _wants_plain(ctx: ProbeContext) -> bool:
    secure = ctx.target.uses_tls
    # A proxy allows connections to port 443, but often refuses other ports.
    return (
        secure and ctx.target.port != 80 and ctx.options.wants("http") and not ctx.options.by_proxy
    )


async def _try_target(ctx: ProbeContext, limiter: SynLimiter, address: str) -> None:
    connection = await _connect(ctx, address, ctx.target.port, "target", limiter)
    if connection.failure is None or ctx.options.by_proxy:
        return
    if connection.failure.kind == "timeout":
        ctx.start(_retry(ctx, address))
        ctx.start(_trace_route(ctx, address))
        for port in _control_ports(ctx)[:2]:
            ctx.start(_try_control(ctx, address, port))
    elif connection.rejected_by in {"host", "router", "unknown"}:
        await _try_control(ctx, address, _control_ports(ctx)[0], limiter)


async def _try_plain(ctx: ProbeContext, limiter: SynLimiter, address: str) -> None:
    await _connect(ctx, address, 80, "plain", limiter)


def _control_ports(ctx: ProbeContext) -> list[int]:
    """Return ports that most servers have open and that are not tried anyway."""
    tried_ports = {ctx.target.port, 80} if _wants_plain(ctx) else {ctx.target.port}
    return [port for port in (22, 80, 443) if port not in tried_ports]


async def _retry(ctx: ProbeContext, address: str) -> None:
    """Try again; if that is answered, try twice more to see how often it succeeds."""
    connection = await _connect(ctx, address, ctx.target.port, "again", mark=_mark(ctx))
    if connection.failure is None:
        for _ in range(2):
            await _connect(ctx, address, ctx.target.port, "again", patience=HOP_PATIENCE)


async def _try_control(
    ctx: ProbeContext, address: str, port: int, limiter: SynLimiter | None = None
) -> None:
    await _connect(ctx, address, port, "control", limiter, mark=_mark(ctx))


def _mark(ctx: ProbeContext) -> int | None:
    """Return the MSS by which a server that is looked into knows this attempt's SYNs."""
    return ctx.syn_mark if ctx.options.server else None


async def _connect(
    ctx: ProbeContext,
    address: str,
    port: int,
    purpose: ConnectionPurpose,
    limiter: SynLimiter | None = None,
    patience: float = DEFAULT_TIMEOUT,
    mark: int | None = None,
) -> Connection:
    """Connect and emit the attempt. What small segments carry proves nothing about larger ones, so
    the stream of a marked attempt is offered to no probe."""
    async with (limiter or SynLimiter()).acquire_slot() as slot:
        start_time = ctx.elapsed()
        attempt = await ctx.net.connect(address, port, patience, mss=mark)
        slot.answered = attempt.stream is not None or _was_reset(attempt)
    stream = attempt.stream
    if stream is not None and (purpose == "control" or mark is not None):
        stream.close()
        stream = None
    connection = connection_of(ctx, attempt, (address, port), purpose, start_time, patience, mark)
    return ctx.emit(connection, live_stream=stream)


def connection_of(
    ctx: ProbeContext,
    attempt: ConnectResult,
    end: tuple[str, int],
    purpose: ConnectionPurpose,
    start_time: float,
    patience: float = DEFAULT_TIMEOUT,
    mark: int | None = None,
) -> Connection:
    """Return the observation of an attempt to connect to `end`, an address and a port."""
    address, port = end
    return Connection(
        at=start_time,
        took=attempt.took,
        equivalent=connect_command(ctx, address, port, patience),
        failure=attempt.failure,
        address=address,
        port=port,
        family=6 if ":" in address else 4,
        purpose=purpose,
        icmp=attempt.icmp,
        source=attempt.source,
        on_link=attempt.on_link,
        mss=mark,
    )


def connect_command(ctx: ProbeContext, address: str, port: int, patience: float) -> str:
    """Return the command that tries the same connection."""
    if not ctx.options.by_proxy:
        return shlex.join(["nc", "-v", "-z", "-w", f"{patience:.0f}", address, str(port)])
    from diagnose.parsers.proxy_url import masked

    proxy = masked(ctx.options.proxy or "")
    host = f"[{address}]" if ":" in address else address
    words = ["curl", "-vsk", "-o", "/dev/null", "--proxytunnel", "--proxy", proxy]
    return shlex.join([*words, f"https://{host}:{port}/"])


def _was_reset(attempt: ConnectResult) -> bool:
    return (
        attempt.failure is not None and attempt.failure.kind == "refused" and attempt.icmp is None
    )


async def _trace_route(ctx: ProbeContext, address: str) -> None:
    """Trace how far SYNs get: each router on the path answers when a SYN's TTL expires."""
    start_time, port = ctx.elapsed(), ctx.target.port
    hops: list[Hop] = []
    reached = False
    with contextlib.suppress(TimeoutError):
        async with deadline(WALK_PATIENCE):
            for first in range(1, HOPS + 1, PARALLEL_HOPS):
                ttls = range(first, min(first + PARALLEL_HOPS, HOPS + 1))
                steps = await asyncio.gather(*(_try_hop(ctx, address, ttl) for ttl in ttls))
                hops += [hop for hop, _ in steps]
                reached = any(at_target for _, at_target in steps)
                if reached or all(hop.sender is None for hop in hops[-SILENT_HOPS:]):
                    break
    ctx.emit(
        Walk(
            at=start_time,
            took=ctx.elapsed() - start_time,
            equivalent=shlex.join(["traceroute", "-n", "-T", "-p", str(port), address]),
            address=address,
            port=port,
            hops=tuple(hops),
            reached=reached,
        )
    )


async def _try_hop(ctx: ProbeContext, address: str, ttl: int) -> tuple[Hop, bool]:
    """Send a SYN with this TTL; return the hop that answered and whether it was the target."""
    attempt = await ctx.net.connect(address, ctx.target.port, HOP_PATIENCE, ttl=ttl)
    if attempt.stream is not None:
        attempt.stream.close()
        return Hop(ttl, address, attempt.took), True
    if _was_reset(attempt):
        return Hop(ttl, address, attempt.took), True
    sender = attempt.icmp.sender if attempt.icmp and not attempt.icmp.local else None
    return Hop(ttl, sender, attempt.took, attempt.icmp), sender == address


async def _try_small_segments(ctx: ProbeContext, stalled: Handshake) -> None:
    from diagnose.net.tls import client_context, secure

    start_time, name = ctx.elapsed(), stalled.server_name
    attempt = await ctx.net.connect(stalled.address, stalled.port, mss=SMALL_SEGMENTS)
    if attempt.stream is None:
        return
    tls_result = await secure(attempt.stream, client_context(), name)
    if tls_result.stream is not None:
        tls_result.stream.close()
    host = f"[{stalled.address}]" if ":" in stalled.address else stalled.address
    options = f",mss={SMALL_SEGMENTS},verify=0" + (f",snihost={name}" if name else "")
    ctx.emit(
        Handshake(
            at=start_time,
            took=ctx.elapsed() - start_time,
            equivalent=shlex.join(["socat", "-", f"OPENSSL:{host}:{stalled.port}{options}"]),
            failure=tls_result.failure,
            address=stalled.address,
            port=stalled.port,
            server_name=name,
            variant="small-segments",
            protocol=tls_result.protocol,
            cipher=tls_result.cipher,
            alert=tls_result.alert,
            bytes_received=tls_result.received,
        )
    )
