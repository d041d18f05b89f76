"""Asks the application behind Apache, Caddy or HAProxy directly, with the Host that the server
sends and with the visitor's, where the site's answer has addresses of the former: an application
makes its own addresses of that field, and no visitor reaches it by that name. Where the page
failed, or a message says that it fails at times, each member of a group is asked. Where no site
answered, a web server behind the first is asked with the name of its own site.
"""

from diagnose.model.backends import BackendAnswer
from diagnose.model.http import BrowserVisit, Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.host_addresses import (
    addresses_of,
    answer_text,
    follows_host,
    is_visitors_host,
)
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backends import ask_application, is_holder


@probe(after=WebServerConfig)
async def hosts_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    for page in ctx.observed(Exchange):
        await _ask(ctx, config, page)
    await _ask_inner_site(ctx)


@probe(after=Exchange)
async def host_of_page(ctx: ProbeContext, page: Exchange) -> None:
    for config in ctx.observed(WebServerConfig):
        await _ask(ctx, config, page)
    await _ask_inner_site(ctx)


@probe(after=NginxConfig, needs=WebServerConfig)
async def inner_site_of_nginx(ctx: ProbeContext, config: NginxConfig, _: WebServerConfig) -> None:
    await _ask_inner_site(ctx)


async def _ask_inner_site(ctx: ProbeContext) -> None:
    if any(page.is_page_of(ctx.target) and _may_be_none(page) for page in ctx.observed(Exchange)):
        # Imported late: few sites stand behind a server that does not know their name.
        from diagnose.probes.inside import inner_site_names

        if inner_site_names.raises_question(ctx):
            await inner_site_names.ask_inner_site(ctx)


def _may_be_none(page: Exchange) -> bool:
    """Return whether a page may be none of a site: an error, nothing, or that of a package."""
    is_blank = page.status == 200 and not page.body
    return is_blank or (page.status or 0) >= 400 or is_default_page(page.status, page.body)


@probe(after=Exchange, needs=WebServerConfig)
async def members_of_page(ctx: ProbeContext, page: Exchange, config: WebServerConfig) -> None:
    await _ask_members(ctx, page, config)


@probe(after=BrowserVisit, needs=WebServerConfig)
async def members_of_visit(ctx: ProbeContext, page: BrowserVisit, config: WebServerConfig) -> None:
    """The same for the second request of the page, which another member may have answered."""
    await _ask_members(ctx, page, config)


async def _ask_members(
    ctx: ProbeContext, page: Exchange | BrowserVisit, config: WebServerConfig
) -> None:
    if (page.status or 0) >= 400 or ctx.target.symptom is not None:
        # Imported late: few sites have a group, and fewer of them fail.
        from diagnose.probes.inside import group_members

        if group_members.raises_question(ctx, page):
            await group_members.ask_members(ctx, config)


async def _ask(ctx: ProbeContext, config: WebServerConfig, page: Exchange) -> None:
    is_page = page.is_page_of(ctx.target) and page.method == "GET"
    if not is_page or not 200 <= (page.status or 0) < 300 or not is_holder(ctx, config):
        return
    path, own = ctx.target.path_without_query, ctx.target.authority
    for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, False)[:1]:
        sent = route.replacement_host
        is_sent = bool(route.host) and not route.keeps_host and route.scheme == "http"
        if not is_sent or is_visitors_host(sent, ctx.target):
            return
        if not addresses_of(answer_text(page), sent):
            return
        if ctx.further_requests.begin("the application's answer to another Host"):
            proto = "https" if ctx.target.uses_tls else ""
            shown = await _addresses(ctx, route, sent, proto)
            own_addresses = await _addresses(ctx, route, own, proto)
            if follows_host(page, shown, own_addresses, (sent, own)):
                await _addresses(ctx, route, sent, proto)  # the control


async def _addresses(ctx: ProbeContext, route: SiteRoute, host: str, proto: str) -> tuple[str, ...]:
    """Return the addresses of a Host in the application's answer to it; () without an answer."""
    known = len(ctx.observed(BackendAnswer))
    await ask_application(ctx, route, host, proto)
    answers = [
        backend_answer
        for backend_answer in ctx.observed(BackendAnswer)[known:]
        if (backend_answer.target, backend_answer.host, backend_answer.proto)
        == (route.target, host, proto)
    ]
    return answers[0].host_addresses if answers else ()
