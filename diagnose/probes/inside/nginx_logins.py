"""Asks the application behind nginx directly, where nginx itself asks visitors for a password
(`auth_basic`) and somebody reports a login that fails: a request has one field Authorization, and
nginx passes it on.

The page is asked for without the field, with nobody's password, and once more without it. If that
makes no difference, the addresses that the page's scripts read are asked for without it: one that
answers 401 has a login of its own. The application may count one failed login from this server. The
probe is in `backend_logins`.
"""

from itertools import islice
from urllib.parse import urlsplit

from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.refused_logins import REFUSALS
from diagnose.probes import ProbeContext
from diagnose.probes.inside.login_requests import LoginRequest, emit_login

#: Maximum number of scripts that are read, and of their addresses that are asked for.
MAX_SCRIPTS, MAX_PATHS = 3, 4
#: Kinds of messages that a refused password may lead to.
_LOGINS = frozenset({"login", "cookie", "request-field", "other"})


@frozen(eq=False)
class _Application:
    """Where the application is, as nginx asks it: the beginning of its address, and curl's
    options."""

    ctx: ProbeContext
    target: str
    url: str
    fields: tuple[str, ...]
    options: tuple[str, ...]


def is_questioned(ctx: ProbeContext, page: Exchange) -> bool:
    """Return whether nginx itself asks for a password at the target, and somebody tells of one."""
    symptom = ctx.target.symptom
    if symptom is None or page.method != "GET" or not page.is_page_of(ctx.target):
        return False
    is_status = symptom.kind == "status" and symptom.number in REFUSALS
    is_told = is_status or symptom.kind in _LOGINS
    return is_told and page.asks_for_password and proxy_page(page.body).lower() == "nginx"


async def try_logins(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit what the application answers, once."""
    application = _application(ctx, config)
    if application is None or not ctx.further_requests.begin("the application's login"):
        return
    path = ctx.target.path_without_query
    page = await _ask(application, path)
    if page is None or not 200 <= (page[0] or 999) < 400:
        return
    refused = await _ask(application, path, with_password=True)
    if refused is not None and (refused[0] or 0) >= 400:
        await _ask(application, path)
        return
    for read in await _read_paths(application, path, page[1]):
        await _ask(application, read)


def _application(ctx: ProbeContext, config: NginxConfig) -> _Application | None:
    # Imported late: few sites ask for a password.
    from diagnose.probes.inside import upstream_routes

    route = upstream_routes.find_route(ctx, config, ctx.target.path)
    asking = route.place.directive("auth_basic") if route else None
    if route is None or asking is None or asking.args[:1] in {(), ("off",)}:
        return None
    url, options = upstream_routes.curl_target(ctx, route, route.upstream.endpoints[0])
    fields = (f"Host: {upstream_routes.host_header(ctx, route)}", "X-Forwarded-Proto: https")
    more = ("--noproxy", "*", *(["-k"] if route.upstream.secure else []))
    is_whole = route.upstream_path == ctx.target.path
    return (
        _Application(ctx, route.upstream.target, url, fields, more + options) if is_whole else None
    )


async def _ask(
    application: _Application, path: str, with_password: bool = False
) -> tuple[int | None, str] | None:
    """Ask for a path and emit the answer; return its status and text, None if it is not known."""
    request = LoginRequest(
        f"{application.url}{path}", application.fields, application.options, with_password
    )
    answer = await emit_login(application.ctx, request, application.target, path)
    return (answer[0].status, answer[1]) if answer else None


async def _read_paths(application: _Application, path: str, document: str) -> tuple[str, ...]:
    """Return the paths that the page and its scripts read."""
    from diagnose.parsers.data_paths import data_paths_in
    from diagnose.parsers.html_page import parse_page
    from diagnose.probes.inside.backends import PATIENCE
    from diagnose.probes.inside.unanswered import curl_or_unseen

    ctx, origin = application.ctx, application.ctx.target.origin
    texts = [document]
    scripts = (
        urlsplit(file.url).path
        for file in parse_page(document, f"{origin}{path}").files
        if file.is_script and file.url.startswith(f"{origin}/")
    )
    for script in islice(scripts, MAX_SCRIPTS):
        url = f"{application.url}{script}"
        response = await curl_or_unseen(ctx, url, application.fields, application.options, PATIENCE)
        texts.append(response.text if response else "")
    paths = dict.fromkeys(read for text in texts for read in data_paths_in(text))
    return tuple(read for read in paths if read.startswith("/"))[:MAX_PATHS]
