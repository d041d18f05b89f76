"""Probes that ask each server of a group for the page, if it may be missing on one of them only."""

from diagnose.model.http import BrowserVisit, Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import MISSING_PAGE
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_connect import ask_application


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
