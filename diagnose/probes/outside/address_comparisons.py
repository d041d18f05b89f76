"""Repeats the request at an address that fails and at one that works, to see whether the address
makes the difference or the application fails at times."""

import asyncio
from collections.abc import Sequence

from diagnose.model.http import Exchange
from diagnose.parsers.http import is_error
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: How often each of the two is asked again.
REPEATS = 2

#: Statuses with which servers refuse requests above a limit.
LIMIT_STATUSES = {429, 503}

#: Seconds after which a limit of one request a second lets the next one in.
PAUSE = 1.1


async def repeat_at_two_addresses(ctx: ProbeContext, pages: Sequence[Exchange]) -> None:
    """Repeat at the first address that fails and the first that works, if the last page is the one
    that made the difference known. More requests would meet a limit again (503): that one is
    repeated alone, after a pause."""
    earlier = [is_error(page) for page in pages[:-1]]
    if any(earlier) and not all(earlier):
        return
    failing = next(page for page in pages if is_error(page))
    working = next(page for page in pages if not is_error(page))
    if failing.status in LIMIT_STATUSES:
        return
    await asyncio.gather(*(_repeat(ctx, page, REPEATS) for page in (failing, working)))


async def repeat_after_pause(ctx: ProbeContext, page: Exchange) -> None:
    """Repeat a request alone: several requests of this run at once may have met a limit."""
    await asyncio.sleep(PAUSE)
    await _repeat(ctx, page, 1)


async def _repeat(ctx: ProbeContext, page: Exchange, times: int) -> None:
    request = PageRequest(page.url, page.address, "again", page.verified)
    for _ in range(times):
        if await request_anew(ctx, request) is None:
            return
