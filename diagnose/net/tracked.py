"""A network that knows its open connections, so that a run can close them all at its end.

A probe that is cancelled, or cut off by the deadline, leaves its connection behind. Garbage
collection may never come to it: an exception's traceback holds it in a circle.
"""

from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net, Stream


class TrackedNet:
    """The same network. `close` closes the connections that were opened through it."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._streams: list[Stream] = []
        self.resolve, self.ask = net.resolve, net.ask
        self.is_mine, self.way_to = net.is_mine, net.way_to

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        result = await self._net.connect(address, port, timeout, ttl, mss)
        if result.stream is not None:
            self._streams.append(result.stream)
        return result

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
