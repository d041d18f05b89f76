"""The network as a run among many sees it: a few connections at once to each address, and a few
questions at once to each name server.

A run that waits for its turn holds no connection, and its deadlines stand still
(`diagnose.net.deadline.own_wait`), so that our own queue is never taken for a silent server.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net, ResolveResult
from diagnose.net.deadline import own_wait

#: Runs at once that connect to one address, and questions at once to one name server.
PER_ADDRESS, PER_NAME_SERVER = 6, 16

#: Seconds that a run waits for a further address while it holds one (a redirect to another host).
#: Two runs that each hold what the other waits for would otherwise never end.
FURTHER_WAIT = 10.0

#: The name server of getaddrinfo(3): whatever this machine has configured.
SYSTEM_RESOLVER = "system"


class Turns:
    """Counts who is at work, by key, and lets the others wait in the order in which they came."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._active: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    def active(self, key: str) -> int:
        return self._active[key]

    def is_free(self, key: str) -> bool:
        return self._active[key] < self._limit and key not in self._waiting

    def enter(self, key: str) -> None:
        """Begin at once, even where enough others are at work."""
        self._active[key] += 1

    async def wait(self, key: str) -> None:
        """Begin when it is this caller's turn."""
        if self.is_free(key):
            self.enter(key)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[key].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(key)
            else:
                self._forget(key, turn)
            raise

    def leave(self, key: str) -> None:
        """End, and let the next one begin."""
        self._active[key] -= 1
        while self._active[key] < self._limit and (turns := self._waiting.get(key)):
            turn = turns.popleft()
            if not turns:
                del self._waiting[key]
            if not turn.done():
                turn.set_result(None)
                self._active[key] += 1
        if not self._active[key]:
            del self._active[key]

    def _forget(self, key: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(key)
        if turns is None:
            return
        with contextlib.suppress(ValueError):
            turns.remove(turn)
        if not turns:
            del self._waiting[key]


class FairNet:
    """The network of one run. `on_wait` is told whether the run waits for the turn of an address:
    meanwhile another run may begin in its place."""

    def __init__(
        self, net: Net, addresses: Turns, name_servers: Turns, on_wait: Callable[[bool], None]
    ) -> None:
        self._net, self._addresses, self._name_servers = net, addresses, name_servers
        self._on_wait = on_wait
        self._held: set[str] = set()
        self._entering: dict[str, asyncio.Future[None]] = {}

    def close(self) -> None:
        """Give all turns back, at the end of the run."""
        for address in self._held:
            self._addresses.leave(address)
        self._held.clear()

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        async with self._question(SYSTEM_RESOLVER):
            return await self._net.resolve(name, family, timeout)

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        await self._enter(address)
        return await self._net.connect(address, port, timeout, ttl, mss)

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        async with self._question(server):
            return await self._net.ask(server, query, timeout, tcp)

    def is_mine(self, address: str) -> bool:
        return self._net.is_mine(address)

    def way_to(self, address: str) -> ConnectResult:
        return self._net.way_to(address)

    @asynccontextmanager
    async def _question(self, server: str) -> AsyncIterator[None]:
        with own_wait():
            await self._name_servers.wait(server)
        try:
            yield
        finally:
            self._name_servers.leave(server)

    async def _enter(self, address: str) -> None:
        """Wait for the turn at an address, once in a run: it is kept until the end."""
        if address in self._held:
            return
        if (entering := self._entering.get(address)) is not None:
            with own_wait():
                await asyncio.wait([entering])
            return
        self._entering[address] = entering = asyncio.get_running_loop().create_future()
        try:
            await self._take_turn(address)
            self._held.add(address)
        finally:
            entering.set_result(None)
            del self._entering[address]

    async def _take_turn(self, address: str) -> None:
        if self._addresses.is_free(address):
            self._addresses.enter(address)
            return
        is_first = not self._held
        self._on_wait(True)
        try:
            with own_wait():
                if is_first:
                    await self._addresses.wait(address)
                else:
                    await self._wait_a_while(address)
        finally:
            self._on_wait(False)

    async def _wait_a_while(self, address: str) -> None:
        try:
            async with asyncio.timeout(FURTHER_WAIT):
                await self._addresses.wait(address)
        except TimeoutError:
            self._addresses.enter(address)
