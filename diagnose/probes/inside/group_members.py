"""Asks each member of a group behind Apache, Caddy or HAProxy for the page: one of them may not
have it, so that the page fails for every second request."""

import asyncio
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.backends import MemberAnswer
from diagnose.model.http import BrowserVisit, Exchange
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.complaints import fails_at_times
from diagnose.parsers.http import MISSING_PAGE
from diagnose.parsers.web_sites import inner_path, routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import PATIENCE, is_holder
from diagnose.probes.inside.unanswered import curl_or_unseen

#: Maximum number of members that are asked.
MAX_MEMBERS = 4


def raises_question(ctx: ProbeContext, page: Exchange | BrowserVisit) -> bool:
    """Return whether the page may be missing on one member only: it failed, or a message says that
    it fails at times."""
    symptom, status = ctx.target.symptom, page.status or 0
    if page.port != ctx.target.port:
        return False
    if isinstance(page, Exchange) and not (page.is_page_of(ctx.target) and page.method == "GET"):
        return False
    at_times = symptom is not None and fails_at_times(symptom)
    return at_times or status in MISSING_PAGE or status >= 500


async def ask_members(ctx: ProbeContext, config: WebServerConfig) -> None:
    path = ctx.target.path_without_query
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
    if len(routes) != 1 or not is_holder(ctx, config):
        return
    members = member_routes(ctx, config, routes[0])[:MAX_MEMBERS]
    if len(members) > 1 and ctx.further_requests.begin("the members of a group"):
        inner = inner_path(routes[0], ctx.target.path)
        await asyncio.gather(*(_ask(ctx, member, inner) for member in members))


async def _ask(ctx: ProbeContext, member: SiteRoute, path: str) -> None:
    """Ask as the server in front does: with its Host."""
    at = ctx.elapsed()
    host = ctx.target.authority if member.keeps_host else member.replacement_host
    fields = (f"Host: {host}", "X-Forwarded-Proto: https")
    url = f"http://{member.authority}{path}"
    response = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"), PATIENCE)
    if response is not None:
        ctx.emit(
            MemberAnswer(
                vantage=Vantage.SERVER,
                at=at,
                took=response.took,
                equivalent=response.equivalent,
                failure=None if response.status else response.failure,
                member=member.authority,
                path=path.partition("?")[0],
                status=response.status,
                connected=response.connected,
            )
        )


def member_routes(ctx: ProbeContext, config: WebServerConfig, route: SiteRoute) -> list[SiteRoute]:
    """Return a route to each member that takes visitors; [] where a member is written in another
    way than by address and port, or gets TLS."""
    members = list(route.members)
    if config.product == "haproxy":
        # Imported late: few servers are HAProxy.
        from diagnose.parsers.haproxy.addresses import servers_of
        from diagnose.parsers.haproxy.view import parsed, target_proxies

        proxies = target_proxies(parsed(config), ctx.target)
        servers = servers_of(proxies.backend) if proxies and proxies.backend else ()
        live = [
            server
            for server in servers
            if not (server.backup or server.disabled or server.is_drained)
        ]
        if any(each.tls or each.socket or not each.port for each in live):
            return []
        members = [each.address for each in live]
    elif route.scheme not in {"http", "balancer"}:
        return []
    places = [member.rpartition(":") for member in dict.fromkeys(members)]
    return [
        replace(route, scheme="http", host=host.strip("[]"), port=int(port), members=())
        for host, _, port in places
        if port.isdecimal() and host
    ]
