"""Asks a web server behind another one on this machine with the name that it gets, and with the
name of its own site: it may have no site for the former."""

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.backends import InnerSiteAnswer
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.inner_sites import (
    PassedName,
    block_meant,
    is_without_site,
    passed_names,
    site_meant,
)
from diagnose.parsers.stray_pages import is_default_page
from diagnose.probes import ProbeContext
from diagnose.probes.inside.backends import PATIENCE, is_holder
from diagnose.probes.inside.unanswered import curl_or_unseen


def raises_question(ctx: ProbeContext) -> bool:
    """Return whether a page came that is none of a site, and two servers are known."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    return bool(pages) and all(map(is_without_site, pages)) and not ctx.observed(InnerSiteAnswer)


async def ask_inner_site(ctx: ProbeContext) -> None:
    """Emit both answers of the first server that has a site, and none for the name."""
    configs = ctx.observed(WebServerConfig)
    holders = [config for config in configs if is_holder(ctx, config)]
    nginx = (
        ()
        if holders
        else [
            nginx_config for nginx_config in ctx.observed(NginxConfig) if not nginx_config.failure
        ]
    )
    for passed in passed_names(ctx.target, nginx, holders):
        name = _own_name(ctx, passed)
        if name and ctx.further_requests.begin("the name of a site behind the server"):
            place = f"{bracketed(passed.host)}:{passed.port}"
            for each in (passed.name, name, passed.name):
                await _ask(ctx, place, each)
            return


def _own_name(ctx: ProbeContext, passed: PassedName) -> str:
    """Return the name of the site that is meant behind the server; "" if there is none."""
    for server in ctx.observed(WebServer):
        if passed.port in server.ports and ctx.target.port not in server.ports:
            for config in ctx.observed(WebServerConfig):
                meant = site_meant(config, passed) if config.product == server.product else None
                if meant:
                    return meant[1]
    for own in ctx.observed(NginxConfig):
        block = None if own.failure or passed.product == "nginx" else block_meant(own, passed)
        if block:
            return block[1]
    return ""


async def _ask(ctx: ProbeContext, place: str, name: str) -> None:
    at, path = ctx.elapsed(), ctx.target.path_without_query
    fields = (f"Host: {name}", "X-Forwarded-Proto: https")
    response = await curl_or_unseen(
        ctx, f"http://{place}{path}", fields, ("--noproxy", "*"), PATIENCE
    )
    if response is not None:
        status = response.status or 0
        is_page = 200 <= status < 300 and bool(response.text)
        ctx.emit(
            InnerSiteAnswer(
                vantage=Vantage.SERVER,
                at=at,
                took=response.took,
                equivalent=response.equivalent,
                failure=None if response.status else response.failure,
                place=place,
                path=path,
                name=name,
                status=response.status,
                is_page=is_page and not is_default_page(status, response.text),
            )
        )
