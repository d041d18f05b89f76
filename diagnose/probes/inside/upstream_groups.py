"""Probes that ask each server of a group: for the page, if it may be missing on one of them only,
and for a session, if the page begins one and the servers take turns."""

import re
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.http import BrowserVisit, Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import SessionTrial
from diagnose.parsers.http import MISSING_PAGE
from diagnose.parsers.nginx.balancing import unsticky_group
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import cookie_pair
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import application_requests, upstream_comparisons, upstream_routes
from diagnose.probes.inside.raw_answers import RawAnswer
from diagnose.probes.inside.upstream_connect import ask_application
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: The cookies of a session: JSESSIONID, ASP.NET_SessionId, laravel_session, connect.sid, session.
_SESSION = re.compile(r"sess|(?:^|[._-])sid$", re.IGNORECASE)
#: Shortest value that no other server makes by accident.
_MIN_VALUE = 16


@probe(after=Exchange, needs=NginxConfig)
async def behind_a_missing_page(ctx: ProbeContext, page: Exchange, config: NginxConfig) -> None:
    """Ask every server of a group, if the page may be missing on one of them only."""
    if page.purpose == "target" and _is_missing(ctx, page):
        await _ask_group(ctx, config)


@probe(after=BrowserVisit, needs=NginxConfig)
async def behind_a_missing_visit(
    ctx: ProbeContext, visit: BrowserVisit, config: NginxConfig
) -> None:
    """The same for the second request of the page, which another server may have answered."""
    if _is_missing(ctx, visit):
        await _ask_group(ctx, config)


def _is_missing(ctx: ProbeContext, answer: Exchange | BrowserVisit) -> bool:
    is_error = answer.status in MISSING_PAGE or (answer.status or 0) >= 500
    return answer.port == ctx.target.port and is_error and answer.status not in {502, 504}


async def _ask_group(ctx: ProbeContext, config: NginxConfig) -> None:
    routes = upstream_routes.find_routes(ctx, config)
    route = next((route for route in routes if route.path == ctx.target.path), None)
    if route is None or len(route.upstream.endpoints) < 2:
        return
    if ctx.further_requests.begin("the servers of a group"):
        await ask_application(ctx, config)


@probe(after=Exchange, needs=NginxConfig)
async def behind_a_session(ctx: ProbeContext, page: Exchange, config: NginxConfig) -> None:
    """Begin a session at a server of a group, and ask a second one for the page with it.

    Four GET in all: at the first server without a cookie, at the first, the second and again the
    first with it. An application that renews the cookie with every response, or does not know its
    own session, shows nothing."""
    url = parse_url(page.url)
    if not page.is_of_visit or url is None or not _begins_session(page):
        return
    path = url.path.partition("?")[0]
    route = upstream_routes.find_route(ctx, config, path)
    if route is None or unsticky_group(route.place) is None or not ctx.options.wants("upstream"):
        return
    endpoints = [endpoint for endpoint in route.upstream.endpoints if not endpoint.backup]
    request = upstream_comparisons.nginx_request(ctx, route, replace(ctx.target, path=path), page)
    if request is None or len(endpoints) < 2 or url.host != ctx.target.host:
        return
    if ctx.further_requests.begin("the sessions of a group"):
        await _try_session(ctx, route, request, (endpoints[0], endpoints[1]))


def _begins_session(page: Exchange) -> bool:
    fields = (value for name, value in page.headers if name.lower() == "set-cookie")
    return any(_SESSION.search(cookie_pair(value)[0]) for value in fields)


async def _try_session(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: ProxiedRequest,
    pair: tuple[Endpoint, Endpoint],
) -> None:
    own, other = pair
    begun = await _ask(ctx, route, request, own)
    name, value = _session_of(begun)
    if not name:
        return
    known = request.with_field("Cookie", f"{name}={value}")
    before = await _ask(ctx, route, known, own)
    at = ctx.elapsed()
    answer = await _ask(ctx, route, known, other)
    took = ctx.elapsed() - at
    after = await _ask(ctx, route, known, own)
    if answer is None or None in {_is_kept(each, name, value) for each in (before, answer, after)}:
        return
    if not _is_kept(before, name, value) or not _is_kept(after, name, value):
        return
    ctx.emit(
        SessionTrial(
            vantage=Vantage.SERVER,
            at=at,
            took=took,
            equivalent=answer.equivalent,
            target=route.upstream.target,
            path=route.path,
            cookie=clean(name, 60),
            own=str(own),
            other=str(other),
            is_kept=bool(_is_kept(answer, name, value)),
        )
    )


async def _ask(
    ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest, endpoint: Endpoint
) -> RawAnswer | None:
    alone = replace(route, upstream=replace(route.upstream, endpoints=(endpoint,)))
    return await application_requests.send_request(ctx, alone, request)


def _session_of(answer: RawAnswer | None) -> tuple[str, str]:
    """Return the name and the value of the session that a response begins, "" twice if none."""
    pairs = map(cookie_pair, answer.fields("Set-Cookie")) if answer else ()
    sessions = ((name, value) for name, value in pairs if _SESSION.search(name))
    return next((session for session in sessions if len(session[1]) >= _MIN_VALUE), ("", ""))


def _is_kept(answer: RawAnswer | None, name: str, value: str) -> bool | None:
    """Return whether a server knew the session that it was asked with: it begins no other one. None
    if it did not answer, or failed."""
    if answer is None or (answer.head.status or 500) >= 500:
        return None
    pairs = map(cookie_pair, answer.fields("Set-Cookie"))
    return all(other == value for key, other in pairs if key == name)
