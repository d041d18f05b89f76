"""A network that tells what it waits for at the moment, for how long, and up to when."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

from diagnose.model.events import Sink, Wait, Waiting, WaitKind, null_sink
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net, ResolveResult, Stream

#: Seconds after which a wait is told: a healthy site answers sooner.
_TELL_AFTER = 0.5
#: Seconds between two `Waiting` events.
_INTERVAL = 0.5


class Waits:
    """What is waited for at the moment, in the order in which it began. Times are those of
    `time.monotonic`, in seconds."""

    def __init__(self, deadline: float) -> None:
        """`deadline` is the time at which the run ends, and with it every wait."""
        self._deadline = deadline
        self._pending: dict[object, tuple[WaitKind, str, int, float, float]] = {}

    @contextmanager
    def waiting(self, kind: WaitKind, subject: str, port: int, timeout: float) -> Iterator[None]:
        key, began = object(), time.monotonic()
        self._pending[key] = (kind, subject, port, began, min(began + timeout, self._deadline))
        try:
            yield
        finally:
            del self._pending[key]

    def pending(self, now: float) -> tuple[Wait, ...]:
        """Return the waits that have lasted for a while."""
        return tuple(
            Wait(kind, subject, port, now - began, end - began)
            for kind, subject, port, began, end in self._pending.values()
            if now - began >= _TELL_AFTER
        )

    @contextmanager
    def telling(self, sink: Sink) -> Iterator[None]:
        """Emit `Waiting` at intervals: what is waited for, and once that it is nothing any more."""
        loop, was_waiting = asyncio.get_running_loop(), False
        timer: asyncio.TimerHandle

        def tell() -> None:
            nonlocal timer, was_waiting
            pending = self.pending(time.monotonic())
            if pending or was_waiting:
                sink(Waiting(pending))
            was_waiting = bool(pending)
            timer = loop.call_later(_INTERVAL, tell)

        timer = loop.call_later(_INTERVAL, tell)
        try:
            yield
        finally:
            timer.cancel()


class WatchedStream:
    """A stream whose reads are waits."""

    def __init__(self, stream: Stream, waits: Waits) -> None:
        self.peer = stream.peer
        self._stream, self._waits = stream, waits
        self.write, self.close = stream.write, stream.close

    @property
    def is_truncated(self) -> bool:
        return self._stream.is_truncated

    @is_truncated.setter
    def is_truncated(self, value: bool) -> None:
        self._stream.is_truncated = value

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        with self._waits.waiting("answer", *self.peer, timeout):
            return await self._stream.read(limit, timeout)


class WatchedNet:
    """The same network. It notes in `waits` what it waits for."""

    def __init__(self, net: Net, waits: Waits) -> None:
        self._net, self._waits = net, waits
        self.is_mine, self.way_to = net.is_mine, net.way_to

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        with self._waits.waiting("name", name, 0, timeout):
            return await self._net.resolve(name, family, timeout)

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        with self._waits.waiting("connection", address, port, timeout):
            result = await self._net.connect(address, port, timeout, ttl, mss)
        if result.stream is None:
            return result
        return replace(result, stream=WatchedStream(result.stream, self._waits))

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        host, _, port = server.partition("#")
        with self._waits.waiting("query", host, int(port or 53), timeout):
            return await self._net.ask(server, query, timeout, tcp)


def watch_waits(net: Net, seconds: float, sink: Sink) -> tuple[Net, AbstractContextManager[None]]:
    """Return the network to use for a run that ends in so many seconds, and the block in which its
    waits are told to the sink. Without a reader nothing is watched."""
    if sink is null_sink:
        return net, nullcontext()
    waits = Waits(time.monotonic() + seconds)
    return WatchedNet(net, waits), waits.telling(sink)
