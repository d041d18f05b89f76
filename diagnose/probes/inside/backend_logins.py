"""Asks the application behind Apache, Caddy or HAProxy directly, where the server itself asks
visitors for a password: does the application refuse a request because it has one?

A browser sends the password in the field Authorization with every request, and these servers pass
the field on. Most applications ignore it; others take it for a login of their own, and refuse it.
The application is asked without the field, then with one that holds nobody's password, and once
more without it. It may count that as a failed login from the server's own address: so this is done
only if a visitor was refused, by the access log, or if somebody reports it.
"""

from diagnose.model.backends import BackendLogin
from diagnose.model.http import Exchange
from diagnose.model.logs import RefusedLogin
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.refused_logins import REFUSALS, has_wrong_passwords
from diagnose.parsers.web_sites import answering_sites, inner_path, routes_of_name
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.inside.logged_requests import send_again
from diagnose.probes.inside.server_logs import READ_SCRIPT

#: Kinds of messages that a refused password may lead to.
_LOGINS = frozenset({"login", "other"})


@probe(after=WebServerConfig)
async def logins_of_config(ctx: ProbeContext, config: WebServerConfig) -> None:
    for page in ctx.observed(Exchange):
        await _try_reported(ctx, config, page)


@probe(after=Exchange)
async def login_of_page(ctx: ProbeContext, page: Exchange) -> None:
    for config in ctx.observed(WebServerConfig):
        await _try_reported(ctx, config, page)


@probe(after=Exchange, needs=NginxConfig)
async def login_of_nginx(ctx: ProbeContext, page: Exchange, config: NginxConfig) -> None:
    """Do what is done for these servers where nginx asks for the password, after a message."""
    if ctx.target.symptom is None or page.status != 401:
        return
    # Imported late: few runs have such a message.
    from diagnose.probes.inside.nginx_logins import is_questioned, try_logins

    if is_first(ctx, page, is_questioned) and ctx.options.wants("upstream"):
        await try_logins(ctx, config)


async def _try_reported(ctx: ProbeContext, config: WebServerConfig, page: Exchange) -> None:
    """Ask about the target's page, if somebody reports what may come of its password."""
    symptom = ctx.target.symptom
    if symptom is None or page.method != "GET" or not page.is_page_of(ctx.target):
        return
    is_status = symptom.kind == "status" and symptom.number in REFUSALS
    if (is_status or symptom.kind in _LOGINS) and page.asks_for_password:
        await _try_login(ctx, config, ctx.target.path_without_query)


async def try_logged_login(
    ctx: ProbeContext, config: WebServerConfig, login: RefusedLogin, page: Exchange
) -> None:
    """Emit what the access log says, if the server asks for a password at that path, and took it;
    and ask the application. `page` is a page of the target that was answered."""
    url = ctx.target.origin + login.path
    pages = [exchange for exchange in ctx.observed(Exchange) if exchange.url == url]
    challenge = pages[0] if pages else await send_again(ctx, page, url)
    if challenge is None or not challenge.asks_for_password:
        return
    is_doubtful = config.product == "apache" and login.status == 401
    if is_doubtful and not await _took_passwords(ctx, config):
        return
    ctx.emit(login)
    await _try_login(ctx, config, login.path)


async def _took_passwords(ctx: ProbeContext, config: WebServerConfig) -> bool:
    """Return whether Apache's error log can be read, and tells of no wrong password."""
    sites = answering_sites(config, ctx.target.port, ctx.target.host)
    logs = {site.error_log or config.error_log for site in sites}
    for log in logs:
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", log)
        clock, _, text = result.out.partition("\n")
        if result.status or not clock or has_wrong_passwords(text):
            return False
    return bool(logs)


async def _try_login(ctx: ProbeContext, config: WebServerConfig, path: str) -> None:
    if not is_holder(ctx, config) or not ctx.further_requests.begin("the application's login"):
        return
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
    if len(routes) != 1 or routes[0].scheme not in {"http", "https"}:
        return
    for with_password in (False, True, False):
        login = await _ask(ctx, routes[0], path, with_password)
        if login is None or (not with_password and not 200 <= (login.status or 999) < 400):
            return


async def _ask(
    ctx: ProbeContext, route: SiteRoute, path: str, with_password: bool
) -> BackendLogin | None:
    # Imported late: few visitors are refused with a password.
    from diagnose.probes.inside.login_requests import LoginRequest, emit_login

    host = ctx.target.authority if route.keeps_host else route.replacement_host
    fields = (f"Host: {host}", "X-Forwarded-Proto: https")
    options = ["--noproxy", "*", *(["-k"] if route.scheme == "https" else [])]
    options += ["--unix-socket", route.socket] if route.socket else []
    base = "localhost" if route.socket else route.authority
    request = LoginRequest(
        f"{route.scheme}://{base}{inner_path(route, path)}", fields, tuple(options), with_password
    )
    answer = await emit_login(ctx, request, route.target, path)
    return answer[0] if answer else None
