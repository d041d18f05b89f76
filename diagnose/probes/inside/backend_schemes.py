"""Asks the application behind Apache or HAProxy directly, with X-Forwarded-Proto and without it,
where the site's page came with 200 all the same.

An application that takes its visitor for one without TLS sends no Secure cookie (express-session,
"cookie.secure"), and writes http: addresses of the site into its page. It is asked only if the page
names itself so, if somebody reports a lost session or a redirect to http, or if a form of the page
was refused, by the access log. Caddy tells the scheme by itself.
"""

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.own_scheme import complains_of_http, plain_addresses
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
    path = ctx.target.path.partition("?")[0]
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
    if symptom and symptom.kind in {"wrong-address", "login"} and complains_of_http(symptom.text):
        return True
    is_told = symptom is not None and symptom.kind in {"cookie", "login"}
    is_refused = any(
        failure.method == "POST" and failure.is_from_page and failure.status in _REFUSED_FORM
        for failure in ctx.observed(FailedRequests)
    )
    return page.header("Set-Cookie") is None and (is_told or is_refused)
