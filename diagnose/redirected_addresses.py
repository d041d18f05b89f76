"""An address with http that redirects to https of the same name stands for that one: people write
"http://" for a site whose visitors all end at https. Where something is wrong there, the run is
made again for that address, and its report counts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.bare_names import MIN_SECONDS, Ending, show_instead
from diagnose.checking.conclusion import conclude
from diagnose.checking.verdicts import verdict
from diagnose.model import Finding, Target
from diagnose.model.events import Event
from diagnose.model.http import Exchange
from diagnose.model.renewal import CHALLENGES
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.target import UsageError, parse_target
from diagnose.parsers.urls import parse_url
from diagnose.probes.further_requests import RESERVE

if TYPE_CHECKING:
    from diagnose.engine import Run

#: What the first run may find: that the address behind the redirect fails, or that no WebSocket
#: opens. Pages with https open theirs with wss, so that the second is no fault where that address
#: has none.
_FAILS, _OF_WEBSOCKETS = "http.redirect-to-error", "websocket."


async def run_at_redirect(
    first: "Run", observe: "Callable[[Run], Awaitable[Ending]]"
) -> "tuple[Run, Ending]":
    """Return the run that is to be judged, and what ended it early: that of the https address to
    which the target redirects, where that one has a fault of its own, or explains the first one's;
    else the first. `observe` lets the probes of a run finish."""
    target = _target(first)
    seconds = first.options.deadline - RESERVE - first.elapsed()
    if target is None or seconds < MIN_SECONDS:
        return first, None
    causes = {cause.check.id for cause in _causes(first)}
    of_pages = {check for check in causes if not check.startswith(_OF_WEBSOCKETS)}
    if not of_pages <= {_FAILS}:
        return first, None
    events: list[Event] = []
    second = first.for_address(target, events.append)
    ending = await observe(second)
    if isinstance(ending, asyncio.CancelledError):
        return first, ending
    is_of_websockets = bool(causes) and not of_pages
    if not _causes(second) and (ending is not None or not is_of_websockets):
        return first, None
    show_instead(first, second, events)
    return second, ending


def _causes(run: "Run") -> tuple[Finding, ...]:
    return verdict(conclude(run.evidence(), run.options.ignores)).causes


def _target(run: "Run") -> Target | None:
    """Return the https address of the same name to which every response of the target redirects;
    None if there is none. A challenge of ACME is asked with http (RFC 8555 section 8.3), and what
    a program on one port redirects to that port is no site with https."""
    asked = run.target
    urls = {redirect_target(page) for page in run.observed(Exchange) if page.is_page_of(asked)}
    url = urls.pop() if len(urls) == 1 else None
    parsed = parse_url(url) if url else None
    if url is None or parsed is None or asked.path.startswith(CHALLENGES):
        return None
    if not parsed.secure or parsed.host != asked.host or parsed.port == asked.port:
        return None
    try:
        target = parse_target(url, asked.websockets)
    except UsageError:
        return None
    remark = run.options.redirect_remark
    read_as = f"{target.url}{remark}"
    return replace(target, input=asked.input, symptom=asked.symptom, read_as=read_as)
