"""How many connections the exporter holds: nobody may take all of its file descriptors.

Without any left, neither a request nor a probe is possible, and asyncio (3.11) writes a hundred
tracebacks for each try to accept. So beyond a limit that connection is closed which has waited
longest without a request: Prometheus, which asks at once, is always heard.
"""

import asyncio
import resource

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

#: Seconds for which a connection may stay open without a request: some scrape every minute.
KEEPALIVE = 75.0
#: Connections that wait for a request, and those that are accepted in one turn of the event loop.
MAX_WAITING, BACKLOG = 512, 64

#: File descriptors that a probe needs at once, with its diagnosis, and those of the program itself.
_PER_PROBE, _OWN = 8, 128


class ConnectionLimit:
    """At most so many connections at once, those with a request apart."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._answering: set[RequestHandler] = set()

    @property
    def middleware(self) -> Middleware:
        """What has to be around every handler."""

        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._answering.add(request.protocol)
            try:
                return await handler(request)
            finally:
                self._answering.discard(request.protocol)

        return answer

    def apply(self, server: web.Server) -> None:
        """Limit the connections of a server whose application has the middleware."""
        add = server.connection_made

        def connection_made(handler: RequestHandler, transport: asyncio.Transport) -> None:
            add(handler, transport)
            waiting = [
                waiting_transport
                for connection in server.connections
                if connection not in self._answering
                if (waiting_transport := connection.transport) is not None
                if not waiting_transport.is_closing()
            ]
            for oldest in waiting[: max(len(waiting) - self.limit, 0)]:
                oldest.abort()

        server.connection_made = connection_made  # type: ignore[method-assign]


def affordable_connections(max_probes: int) -> int:
    """Return how many connections may wait beside the probes in flight. The soft limit of file
    descriptors is raised to the hard one (setrlimit(2)) if it would not suffice."""
    needed = _OWN + max_probes * _PER_PROBE + MAX_WAITING
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    is_enough = soft == resource.RLIM_INFINITY or soft >= needed
    return MAX_WAITING if is_enough else max(soft // 4, 8)
