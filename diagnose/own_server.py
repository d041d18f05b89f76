"""Notice that this machine is the target's server: then the run looks inside it too.

Each function is the work of a probe that `Run.start_probes` registers where nobody said whether
this machine is the server.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from diagnose.model import Observation
from diagnose.model.addresses import is_loopback
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.parsers.redirects import leads_to_itself

if TYPE_CHECKING:
    from diagnose.engine import Run


async def detect_by_address(ctx: "Run", resolution: Resolution) -> None:
    """Start the inside probes if this machine has the target's address: it is the server."""
    if any(ctx.net.is_mine(address) for address in resolution.addresses):
        ctx.start_inside_probes()


async def detect_by_visitors(ctx: "Run", page: Exchange) -> None:
    """Start the inside probes if the page fails, and its address asks this machine for it."""
    is_failed = page.shows_fault or leads_to_itself(page)
    if is_failed and page.is_page_of(ctx.target) and not ctx.is_inside:
        from diagnose.probes.inside.server_detection import is_asked

        if await is_asked(ctx.machine, page, ctx.target):
            ctx.start_inside_probes()


async def detect_by_port(ctx: "Run", connection: Connection) -> None:
    """Start the inside probes if the target's port does not open, and this machine's own has a
    certificate for the name which browsers accept: a router in front leads elsewhere, and the web
    server is in a container, whose files name the site."""
    failure = connection.failure
    is_closed = failure is not None and failure.kind in {"refused", "timeout"}
    is_asked = connection.purpose == "target" and ctx.target.uses_tls and not ctx.options.by_proxy
    if is_closed and is_asked and not ctx.is_inside and not is_loopback(connection.address):
        from diagnose.probes.inside.server_detection import has_certificate

        if await has_certificate(ctx.machine, ctx.target, ctx.options.cafile):
            ctx.start_inside_probes()


async def detect_by_name(ctx: "Run") -> None:
    """Start the inside probes if this machine is the origin, or its nginx serves the name."""
    from diagnose.probes.inside.server_detection import serves

    origin = ctx.options.origin_address
    if (origin and ctx.net.is_mine(origin)) or await serves(ctx.machine, ctx.target.host):
        ctx.start_inside_probes()


#: The name of each probe, what it waits for, and its work.
DETECTORS: tuple[tuple[str, type[Observation], Callable[..., Awaitable[None]]], ...] = (
    ("engine.address", Resolution, detect_by_address),
    ("engine.port", Connection, detect_by_port),
    ("engine.visitors", Exchange, detect_by_visitors),
)
