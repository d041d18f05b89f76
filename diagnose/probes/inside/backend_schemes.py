"""Asks the application behind Apache or HAProxy directly, with X-Forwarded-Proto and without it,
where the site's page came with 200 all the same.

An application that takes its visitor for one without TLS sends no Secure cookie (express-session,
"cookie.secure"), and writes http: addresses of the site into its page. It is asked only if the page
names itself so, if somebody reports a lost session or a redirect to http, or if a form of the page
was refused, by the access log. Caddy tells the scheme by itself.

Where several servers stand one behind the other, or another machine ends TLS and asks this one over
http, the program at the end of the way is asked, and the first server as that machine asks it.
"""

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import ContainerNginx, NginxConfig
from diagnose.model.server import Interface, Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.own_scheme import is_about_http, plain_addresses
from diagnose.parsers.redirects import leads_to_http, leads_to_itself
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.backends import ask_application, is_holder

#: How applications refuse a form whose session or token they do not know. 419 is Laravel's.
_REFUSED_FORM = frozenset({400, 401, 403, 419, 422})


@probe(after=WebServerConfig)
async def schemes_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    for page in ctx.observed(Exchange):
        await _ask(ctx, config, page)


@probe(after=Exchange)
async def scheme_of_page(ctx: ProbeContext, page: Exchange) -> None:
    for config in ctx.observed(WebServerConfig):
        await _ask(ctx, config, page)


@probe(after=FailedRequests)
async def scheme_of_form(ctx: ProbeContext, failure: FailedRequests) -> None:
    for config in ctx.observed(WebServerConfig):
        for page in ctx.observed(Exchange):
            await _ask(ctx, config, page)


async def _ask(ctx: ProbeContext, config: WebServerConfig, page: Exchange) -> None:
    is_page = page.is_page_of(ctx.target) and page.method == "GET"
    is_read = config.product in {"apache", "haproxy"} and is_holder(ctx, config)
    if not is_page or not is_read or not ctx.target.uses_tls:
        return
    if not 200 <= (page.status or 0) < 300 or not _is_doubtful(ctx, page):
        return
    path = ctx.target.path_without_query
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
    for route in routes[:1]:
        if not route.host or route.scheme != "http":
            return
        if ctx.further_requests.begin("the application's answer to another scheme"):
            host = ctx.target.authority if route.keeps_host else route.replacement_host
            # The last one is the control of the first.
            for proto in ("", "https", ""):
                await ask_application(ctx, route, host, proto)


def _is_doubtful(ctx: ProbeContext, page: Exchange) -> bool:
    if plain_addresses(page.body, ctx.target.host):
        return True
    symptom = ctx.target.symptom
    if is_about_http(symptom):
        return True
    is_told = symptom is not None and symptom.kind in {"cookie", "login"}
    is_refused = any(
        failure.method == "POST" and failure.is_from_page and failure.status in _REFUSED_FORM
        for failure in ctx.observed(FailedRequests)
    )
    return page.header("Set-Cookie") is None and (is_told or is_refused)


@probe(after=Exchange)
async def way_of_page(ctx: ProbeContext, page: Exchange) -> None:
    await _ask_along_the_way(ctx)


@probe(after=NginxConfig)
async def way_through_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _ask_along_the_way(ctx)


@probe(after=ContainerNginx)
async def way_through_a_container(ctx: ProbeContext, nginx: ContainerNginx) -> None:
    await _ask_along_the_way(ctx)


@probe(after=WebServerConfig)
async def way_through_a_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _ask_along_the_way(ctx)


@probe(after=Listeners)
async def way_from_a_port(ctx: ProbeContext, listeners: Listeners) -> None:
    await _ask_along_the_way(ctx)


@probe(after=Interface)
async def way_from_an_address(ctx: ProbeContext, interface: Interface) -> None:
    await _ask_along_the_way(ctx)


async def _ask_along_the_way(ctx: ProbeContext) -> None:
    """Ask the program at the end of the way with both schemes, and once more as a control."""
    pages = [page for page in ctx.observed(Exchange) if _is_of_wrong_scheme(ctx, page)]
    if not pages or not ctx.observed(Listeners) or not ctx.observed(Interface):
        return
    # Imported late: a healthy site has no such page.
    from diagnose.parsers.server_hops import Servers, hops, plain_entrance
    from diagnose.probes.inside.local_answers import entry_address

    servers, target = Servers.of(ctx.observed), ctx.target
    entrances: list[Target] = []
    if any(listener.on(target.port) for listener in ctx.observed(Listeners)):
        entrances.append(target)
    if pages[0].address not in servers.addresses and (plain := plain_entrance(servers, target)):
        entrances.append(plain)
    for entrance in entrances:
        way = hops(servers, entrance)
        is_elsewhere = entrance is not target
        if not way or not (way[-1].is_http or way[-1].product == "nginx"):
            continue
        if len(way) == 1 and not is_elsewhere:
            continue  # the other probes ask the program behind a single server
        last = way[-1]
        place = f"{last.host}:{last.port}"
        if not ctx.further_requests.begin(f"the way to {place} from port {entrance.port}"):
            continue
        if is_elsewhere and (address := entry_address(ctx, entrance.port)):
            first = _route(ctx, address, entrance.port)
            await ask_application(ctx, first, target.authority, "https")
        for proto in ("http", "https", "http", "https") if last.is_http else ():
            route = _route(ctx, last.host, last.port, last.path)
            await ask_application(ctx, route, last.sent_host, proto)


def _route(ctx: ProbeContext, host: str, port: int, path: str = "") -> SiteRoute:
    authority = SiteRoute(path="/", target="", host=host, port=port).authority
    return SiteRoute(
        path="/", target=f"http://{authority}/", host=host, port=port, fixed_path=True,
        backend_path=path or ctx.target.path,
    )  # fmt: skip


def _is_of_wrong_scheme(ctx: ProbeContext, page: Exchange) -> bool:
    """Return whether the page shows that its program takes visitors for users of http, or somebody
    says that a login or a session is lost."""
    if not page.is_page_of(ctx.target) or page.method != "GET" or not ctx.target.uses_tls:
        return False
    if leads_to_itself(page) or leads_to_http(page):
        return True
    return 200 <= (page.status or 0) < 300 and _is_doubtful(ctx, page)
