"""Connections to every address of the target; after a failure, what tells its causes apart.

A host that rejects by ICMP sends only few such errors: on Linux six at once, then one a second
(icmp(7), icmp_ratelimit), to all ports and by all of its addresses together. An impatient
prober mistakes a reject for a drop. So no more than six SYNs are ever unanswered at once, each
waits long enough for its repetitions to be answered, and silence is tried a second time.

A healthy site sees one connection to the target's port and one to port 80, on each address.
"""

import asyncio
import contextlib
import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from diagnose.model import Unseen
from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection, Hop, Proxy, Walk
from diagnose.model.tls import Handshake
from diagnose.net import PATIENCE, Connected
from diagnose.probes import Look, probe

#: So many addresses of a family are tried.
ADDRESSES = 8

#: Unanswered SYNs in flight, and how long one counts as such (seconds): the ICMP rate limit.
BURST = 6
REFILL = 1.0

#: A walk: so many hops, so many at once, seconds a hop (less than until a SYN is repeated) and
#: altogether; it ends after so many silent hops in a row.
HOPS = 20
ABREAST = 4
HOP_PATIENCE = 0.9
WALK_PATIENCE = 3.0
SILENT_HOPS = 3

#: Segments of this size pass every path (RFC 9293 section 3.7.1: the default).
SMALL_SEGMENTS = 536


class Pace:
    """Lets SYNs out so that a reject's rate limit is not met."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(BURST)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator["Turn"]:
        await self._free.acquire()
        turn = Turn(self._free)
        waiting = asyncio.get_running_loop().call_later(REFILL, turn.over)
        yield turn
        if turn.answered:
            waiting.cancel()
            turn.over()


class Turn:
    """One SYN's place, given back when TCP itself has answered, or after a time."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self.answered = False
        self._free: asyncio.Semaphore | None = free

    def over(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            free.release()


@probe()
async def proxy(look: Look) -> None:
    """The proxy that this run goes through, or that other programs here would go through."""
    from diagnose.parsers import proxy_url

    target = look.target
    if look.options.by_proxy:
        url = proxy_url.masked(look.options.proxy or "")
        look.see(Proxy(at=look.now(), url=url, source="--proxy", used=True))
        why = "the proxy resolves the name and makes the connections"
        look.see(Unseen(at=look.now(), what="DNS, ICMP errors, the route, port 80", why=why))
        return
    named = proxy_url.from_environment(os.environ, target.scheme)
    if named and look.options.proxy != "none":
        variable, value = named
        exempt = proxy_url.is_exempt(os.environ, target.host)
        url = proxy_url.masked(value)
        look.see(
            Proxy(
                at=look.now(),
                url=url,
                source=variable,
                exempt=exempt,
                equivalent=shlex.join(("printenv", variable)),
            )
        )


@probe(after=Resolution)
async def connect(look: Look, seen: Resolution) -> None:
    """Open the target's port, and port 80 for the redirect, on every address not yet tried."""
    addresses, pace = [one for one in _new(look, seen) if one in seen.to_ask], Pace()
    for address in seen.addresses:
        if address not in seen.to_ask:
            why = "a link-local or metadata address is asked only as the target itself"
            look.see(Unseen(at=look.now(), what=address, why=why))
    for address in addresses:
        look.start(_target(look, pace, address))
    if _wants_plain(look):
        for address in addresses:
            look.start(_plain(look, pace, address))


@probe(after=Handshake)
async def small_segments(look: Look, seen: Handshake) -> None:
    """After a handshake in which the server fell silent: the same in small segments. Where large
    packets are lost on the way, and only there, it comes through."""
    stalled = [
        one
        for one in look.seen(Handshake)
        if one.variant == "normal" and one.failure and one.failure.kind == "timeout"
    ]
    if stalled and stalled[0] is seen and not look.options.by_proxy:
        await _in_small_segments(look, seen)


def _new(look: Look, seen: Resolution) -> list[str]:
    known: set[str] = set()
    for one in look.seen(Resolution):
        if one is seen:
            break
        known.update(one.addresses)
    return [address for address in dict.fromkeys(seen.addresses) if address not in known][
        :ADDRESSES
    ]


def _wants_plain(look: Look) -> bool:
    secure = look.target.scheme in {"https", "wss"}
    # A proxy makes connections to port 443, and to others it often refuses them.
    return (
        secure
        and look.target.port != 80
        and look.options.wants("http")
        and not look.options.by_proxy
    )


async def _target(look: Look, pace: Pace, address: str) -> None:
    seen = await _try(look, address, look.target.port, "target", pace)
    if seen.failure is None or look.options.by_proxy:
        return
    if seen.failure.kind == "timeout":
        look.start(_again(look, address))
        look.start(_walk(look, address))
        for port in _controls(look)[:2]:
            look.start(_control(look, address, port))
    elif seen.rejected_by in {"host", "router", "unknown"}:
        await _control(look, address, _controls(look)[0], pace)


async def _plain(look: Look, pace: Pace, address: str) -> None:
    await _try(look, address, 80, "plain", pace)


def _controls(look: Look) -> list[int]:
    """Ports that most servers have open, and that nobody is trying anyway."""
    tried = {look.target.port, 80} if _wants_plain(look) else {look.target.port}
    return [port for port in (22, 80, 443) if port not in tried]


async def _again(look: Look, address: str) -> None:
    """A second try; where that one is answered, two more, to see how often it is."""
    seen = await _try(look, address, look.target.port, "again")
    if seen.failure is None:
        for _ in range(2):
            await _try(look, address, look.target.port, "again", patience=HOP_PATIENCE)


async def _control(look: Look, address: str, port: int, pace: Pace | None = None) -> None:
    await _try(look, address, port, "control", pace)


async def _try(
    look: Look,
    address: str,
    port: int,
    purpose: str,
    pace: Pace | None = None,
    patience: float = PATIENCE,
) -> Connection:
    async with (pace or Pace()).turn() as turn:
        begun = look.now()
        got = await look.net.connect(address, port, patience)
        turn.answered = got.stream is not None or _was_reset(got)
    stream = got.stream
    if stream is not None and purpose == "control":
        stream.close()
        stream = None
    seen = Connection(
        at=begun,
        took=got.took,
        equivalent=_equivalent(look, address, port, patience),
        failure=got.failure,
        address=address,
        port=port,
        family=6 if ":" in address else 4,
        purpose=purpose,
        icmp=got.icmp,
        source=got.source,
        on_link=got.on_link,
    )
    return look.see(seen, live=stream)


def _equivalent(look: Look, address: str, port: int, patience: float) -> str:
    if not look.options.by_proxy:
        return shlex.join(["nc", "-v", "-z", "-w", f"{patience:.0f}", address, str(port)])
    from diagnose.parsers.proxy_url import masked

    proxy = masked(look.options.proxy or "")
    host = f"[{address}]" if ":" in address else address
    words = ["curl", "-vsk", "-o", "/dev/null", "--proxytunnel", "--proxy", proxy]
    return shlex.join([*words, f"https://{host}:{port}/"])


def _was_reset(got: Connected) -> bool:
    return got.failure is not None and got.failure.kind == "refused" and got.icmp is None


async def _walk(look: Look, address: str) -> None:
    """How far the SYNs get: each router on the way is where one of them runs out of time."""
    begun, port = look.now(), look.target.port
    hops: list[Hop] = []
    reached = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WALK_PATIENCE):
            for first in range(1, HOPS + 1, ABREAST):
                ttls = range(first, min(first + ABREAST, HOPS + 1))
                steps = await asyncio.gather(*(_hop(look, address, ttl) for ttl in ttls))
                hops += [hop for hop, _ in steps]
                reached = any(there for _, there in steps)
                if reached or all(hop.sender is None for hop in hops[-SILENT_HOPS:]):
                    break
    look.see(
        Walk(
            at=begun,
            took=look.now() - begun,
            equivalent=shlex.join(["traceroute", "-n", "-T", "-p", str(port), address]),
            address=address,
            port=port,
            hops=tuple(hops),
            reached=reached,
        )
    )


async def _hop(look: Look, address: str, ttl: int) -> tuple[Hop, bool]:
    """What answers to a SYN of that time to live, and whether it was the target."""
    got = await look.net.connect(address, look.target.port, HOP_PATIENCE, ttl=ttl)
    if got.stream is not None:
        got.stream.close()
        return Hop(ttl, address, got.took), True
    if _was_reset(got):
        return Hop(ttl, address, got.took), True
    sender = got.icmp.sender if got.icmp and not got.icmp.local else None
    return Hop(ttl, sender, got.took, got.icmp), sender == address


async def _in_small_segments(look: Look, stalled: Handshake) -> None:
    from diagnose.net.tls import context, secure

    begun, name = look.now(), stalled.server_name
    got = await look.net.connect(stalled.address, stalled.port, mss=SMALL_SEGMENTS)
    if got.stream is None:
        return
    done = await secure(got.stream, context(), name)
    if done.stream is not None:
        done.stream.close()
    host = f"[{stalled.address}]" if ":" in stalled.address else stalled.address
    options = f",mss={SMALL_SEGMENTS},verify=0" + (f",snihost={name}" if name else "")
    look.see(
        Handshake(
            at=begun,
            took=look.now() - begun,
            equivalent=shlex.join(["socat", "-", f"OPENSSL:{host}:{stalled.port}{options}"]),
            failure=done.failure,
            address=stalled.address,
            port=stalled.port,
            server_name=name,
            variant="small-segments",
            protocol=done.protocol,
            cipher=done.cipher,
            alert=done.alert,
            bytes_received=done.received,
        )
    )
