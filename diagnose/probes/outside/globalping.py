"""A probe that lets the public probes of Globalping visit the target (`--vantage globalping`).

What is measured and the results become public, which is said before. So nothing is sent about a
name or an address that only this machine or its network knows; neither is the query nor any header
field. A probe that gets no answer is asked to connect as well, to tell a closed port from the rest.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diagnose.model import Failure, FailureKind, Vantage
from diagnose.model.addresses import is_private
from diagnose.model.dns import HostsEntry, Resolution, is_local_name
from diagnose.model.vantages import GLOBALPING, VantagePoint, VantageResolution, VantageVisit
from diagnose.net import globalping as api
from diagnose.parsers import globalping as parser
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.request_fields import RequestFields
from diagnose.probes import ProbeContext, probe

#: Seconds between two questions: the service asks for at least half a second.
PAUSE = 0.6

#: Words of a probe's output, and the failure that they mean.
_WORDS: tuple[tuple[str, FailureKind], ...] = (
    ("refused", "refused"),
    ("unreachable", "unreachable"),
    ("no route", "unreachable"),
    ("enotfound", "resolution"),
    ("getaddrinfo", "resolution"),
    ("reset", "reset"),
    ("hang up", "closed"),
    ("timed out", "timeout"),
    ("timeout", "timeout"),
)


@probe(after=Resolution)
async def globalping(ctx: ProbeContext, resolution: Resolution) -> None:
    """Visit once, when it is known of every family that the name leads to public addresses."""
    if not _is_last(ctx, resolution):
        return
    if reason := _obstacle(ctx):
        _emit_point(ctx, ctx.elapsed(), failure=Failure("other", reason))
        return
    async with api.GlobalpingClient() as client:
        await Measurement(ctx, client).visit()


def _is_last(ctx: ProbeContext, resolution: Resolution) -> bool:
    resolutions = ctx.observed(Resolution)
    families = {item.family for item in resolutions}
    is_whole = resolution.via in {"literal", "option", "proxy"} or ctx.options.family is not None
    return resolutions[-1] is resolution and (is_whole or families == {4, 6})


def _obstacle(ctx: ProbeContext) -> str:
    """Return why the target must not be named to the public, or cannot be asked for by it; "" if
    nothing speaks against it."""
    host = ctx.target.host
    addresses = [address for item in ctx.observed(Resolution) for address in item.addresses]
    if ctx.options.address or ctx.options.by_proxy:
        return "with --address or --proxy the public probes would ask somebody else"
    if not addresses:
        return "the name has no address here, so it may be private: nothing was sent"
    if any(map(is_private, addresses)):
        return "the target has a private address: nothing was sent"
    if not is_address(host) and (is_local_name(host) or ctx.observed(HostsEntry)):
        return "the name may be known on this machine only: nothing was sent"
    return ""


class Measurement:
    """One measurement: the page from every probe, and where it fails a connection."""

    def __init__(self, ctx: ProbeContext, client: api.GlobalpingClient) -> None:
        self.ctx, self.client, self.at = ctx, client, ctx.elapsed()

    async def visit(self) -> None:
        request = parser.http_measurement(self.ctx.target, self.ctx.options.family)
        identifier, pages = await self._measure(request)
        if isinstance(pages, Failure):
            _emit_point(self.ctx, self.at, failure=pages, published=identifier)
            return
        pings: Mapping[str, parser.ProbeResult] = {}
        if any(page.is_ours and page.status is None for page in pages):
            pings = await self._pings(identifier)
        for page in pages:
            self._emit(identifier, page, pings.get(page.location))

    async def _pings(self, probes: str) -> Mapping[str, parser.ProbeResult]:
        request = parser.ping_measurement(self.ctx.target, self.ctx.options.family, probes)
        _, pings = await self._measure(request)
        if isinstance(pings, Failure):
            return {}
        return {ping.location: ping for ping in pings}

    async def _measure(
        self, request: Mapping[str, Any]
    ) -> tuple[str, tuple[parser.ProbeResult, ...] | Failure]:
        """Return the id ("" without one) and the results, or why there are none."""
        answer = await self.client.create(request)
        if answer.failure:
            return "", answer.failure
        identifier = parser.created_id(answer.status, answer.text, answer.reset)
        if isinstance(identifier, Failure):
            return "", identifier
        while self.ctx.elapsed() + PAUSE < self.ctx.options.timeout - 0.5:
            await asyncio.sleep(PAUSE)
            answer = await self.client.state(identifier)
            results = answer.failure or parser.results(answer.status, answer.text, answer.reset)
            if results is not None:
                return identifier, results
        return identifier, Failure("timeout", "Globalping had no result in time: try --timeout 60")

    def _emit(
        self, identifier: str, page: parser.ProbeResult, ping: parser.ProbeResult | None
    ) -> None:
        """Emit the place, and its visit if the place itself worked."""
        failure = None if page.is_ours else Failure("other", f"the probe failed: {page.message}")
        place = page.location
        _emit_point(self.ctx, self.at, failure=failure, location=place, published=identifier)
        lost = _failure(page, connected=False)
        if page.is_ours and page.status is None and lost.kind == "resolution":
            self._emit_unknown_name(place, lost)
            return
        address = page.address or (ping.address if ping else "") or self._only_address()
        if failure or not address:
            return
        target = self.ctx.target
        connected = page.connected or bool(ping and ping.connected)
        visit = VantageVisit(
            vantage=Vantage.ELSEWHERE,
            at=self.at,
            took=page.took or self.ctx.elapsed() - self.at,
            equivalent=f"curl -s {api.API}/{identifier}",
            place=GLOBALPING,
            location=place,
            address=address,
            port=target.port,
            connected=connected,
            secured=_secured(page, connected, target.uses_tls),
            status=page.status,
            anonymous=self.ctx.options.request != RequestFields(),
        )
        self.ctx.emit(replace(visit, failure=None if page.status else _failure(page, connected)))

    def _emit_unknown_name(self, place: str, failure: Failure) -> None:
        self.ctx.emit(
            VantageResolution(
                vantage=Vantage.ELSEWHERE,
                at=self.at,
                failure=failure,
                place=GLOBALPING,
                location=place,
                name=self.ctx.target.host,
            )
        )

    def _only_address(self) -> str:
        """Return the target's address if it has one: a probe that fails may not say its own."""
        addresses = {
            address for item in self.ctx.observed(Resolution) for address in item.addresses
        }
        return addresses.pop() if len(addresses) == 1 else ""


def _secured(page: parser.ProbeResult, connected: bool, uses_tls: bool) -> bool | None:
    """A probe that fails after connecting does not say whether TLS or HTTP failed."""
    if page.status is None and connected and uses_tls:
        return None
    return uses_tls and page.status is not None


def _failure(page: parser.ProbeResult, connected: bool) -> Failure:
    text = page.message.lower()
    kind: FailureKind = next((kind for word, kind in _WORDS if word in text), "other")
    if not connected and kind not in {"refused", "unreachable", "resolution"}:
        kind = "timeout"
    return Failure(kind, page.message or "no answer")


def _emit_point(
    ctx: ProbeContext,
    at: float,
    failure: Failure | None = None,
    location: str = "",
    published: str = "",
) -> None:
    ctx.emit(
        VantagePoint(
            vantage=Vantage.ELSEWHERE,
            at=at,
            took=ctx.elapsed() - at,
            failure=failure,
            place=GLOBALPING,
            location=location,
            published=f"{api.API}/{published}" if published else "",
        )
    )
