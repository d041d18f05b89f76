"""Asks an application that limits the requests of its visitors whom it takes for a visitor.

It may count by the address of the connection: then all visitors of the site are one, nginx. After a
page that was refused with 429, or after a message about such a limit where the page's answer counts
(RateLimit-Remaining), it is asked as nginx asks, for visitors whom nobody has seen yet, and from
another address of the server itself. At most five GET requests.
"""

import random
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import CountedAsker, CountedRequest
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.proxied_request import CLIENT_ADDRESS_FIELDS, ProxiedRequest
from diagnose.parsers.rate_limits import is_about_limits, remaining_requests
from diagnose.parsers.urls import parse_url, path_of
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_from, send_request
from diagnose.probes.inside.raw_answers import RawAnswer
from diagnose.probes.inside.upstream_comparisons import nginx_request
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Too Many Requests (RFC 6585 section 4).
TOO_MANY = 429

#: An address of every machine from which nobody asks (RFC 1122 section 3.2.1.3: 127/8 is loopback).
PEER = "127.0.0.2"

#: Addresses of documentation (RFC 5737): no visitor has them.
_UNSEEN_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")

#: Seconds after which no further request is begun.
MAX_SECONDS = 6.0

#: The fields in which answers count, in the order of `rate_limits`.
_COUNTING = ("RateLimit-Remaining", "X-RateLimit-Remaining", "X-Rate-Limit-Remaining", "RateLimit")


async def ask_for_visitors(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    """Ask the application of the page, after a page for which `is_counted` holds."""
    is_own = exchange.is_page_of(ctx.target)
    path = ctx.target.path if is_own else path_of(exchange.url)
    route = upstream_routes.find_route(ctx, config, path)
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("http")
    if route is None or not in_scope or ctx.target.websockets == (route.path,):
        return
    request = nginx_request(ctx, route, ctx.target, exchange)
    if request is not None:
        await _ask(ctx, route, request)


def is_counted(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a page was refused with 429, or counts after a message about a limit; the page of
    this site to which the target's redirects as well."""
    if exchange.purpose == "redirect" and exchange.status == TOO_MANY:
        url = parse_url(exchange.url)
        return url is not None and (url.host, exchange.port) == (ctx.target.host, ctx.target.port)
    if not exchange.is_page_of(ctx.target) or exchange.method == "POST":
        return False
    if exchange.status == TOO_MANY:
        return True
    symptom = ctx.target.symptom
    is_told = symptom is not None and (
        symptom.kind == "visitor-address" or is_about_limits(symptom.text)
    )
    return is_told and remaining_requests(exchange.headers) is not None


async def _ask(ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest) -> None:
    """Ask as nginx does, for three visitors, and from another address of this server."""
    until = min(ctx.elapsed() + MAX_SECONDS, ctx.options.timeout - 1.5)
    first = await _emit(ctx, route, request, "proxy", "")
    if first is None:
        return
    for network in _UNSEEN_NETWORKS:
        if ctx.elapsed() >= until:
            return
        # Another one in every run: a limit lasts for minutes.
        visitor = f"{network}.{random.randint(1, 254)}"
        await _emit(ctx, route, _seen_from(request, visitor), "visitor", visitor)
    if first.address.startswith("127.") and ctx.elapsed() < until:
        await _emit(ctx, route, request, "peer", PEER)


def _fields(request: ProxiedRequest) -> tuple[str, ...]:
    """Return the fields in which nginx names the visitor."""
    names = (name for name, _ in request.fields)
    return tuple(name for name in names if name.lower() in CLIENT_ADDRESS_FIELDS)


def _seen_from(request: ProxiedRequest, visitor: str) -> ProxiedRequest:
    """Return the request that nginx sends for a visitor with this address. Where it names none, it
    is named as nginx's documentation does."""
    for name in _fields(request) or ("X-Real-IP", "X-Forwarded-For"):
        value = f"for={visitor}" if name.lower() == "forwarded" else visitor
        request = request.with_field(name, value)
    return request


async def _emit(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: ProxiedRequest,
    asker: CountedAsker,
    source: str,
) -> CountedRequest | None:
    at = ctx.elapsed()
    answer = (
        await send_from(ctx, _first_server(route), request, source)
        if asker == "peer"
        else await send_request(ctx, route, request)
    )
    if answer is None:
        return None
    return ctx.emit(
        CountedRequest(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=answer.equivalent,
            failure=answer.fault,
            target=route.upstream.target,
            path=route.path,
            address=answer.peer[0],
            port=answer.peer[1],
            asker=asker,
            source=source,
            fields=_fields(request) if asker != "visitor" else (),
            status=answer.head.status,
            remaining=_remaining(answer),
        )
    )


def _first_server(route: UpstreamRoute) -> UpstreamRoute:
    """Return the route with an address in the place of "localhost", which may be ::1 for curl."""
    endpoints = tuple(
        replace(endpoint, host="127.0.0.1") if not is_address(endpoint.host) else endpoint
        for endpoint in route.upstream.endpoints[:1]
    )
    return replace(route, upstream=replace(route.upstream, endpoints=endpoints))


def _remaining(answer: RawAnswer) -> int | None:
    return remaining_requests((name, answer.field(name)) for name in _COUNTING)
