"""Probes that ask the application directly, after the site has answered with an error or with a
redirect to itself, without a cookie that a pasted message or a page for signing in misses, with
http: addresses of the site itself or a redirect to one, or with a redirect without the visitors'
port: exactly as nginx asks it, and then with one part of the request changed at a time.

If the application answers directly what visitors get, the answer is its own; if it serves the page
after one change, that part of nginx's request makes the difference. Both requests are then repeated
as a control, and after another path one that nobody has made is asked for. At most nine requests
are sent, and up to three more for a 404 in a location of several folders. They are GET; only where
the user has asked for a POST, they repeat that POST, which has no body, and change nothing but what
tells the application the visitor's origin.
"""

import re
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest, RequestChange
from diagnose.parsers.demanded_fields import REFUSALS, demanded_field
from diagnose.parsers.host_addresses import (
    addresses_of,
    answer_text,
    follows_host,
    is_visitors_host,
)
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx.folder_requests import folder_variants
from diagnose.parsers.nginx.form_requests import form_variants, origin_variants
from diagnose.parsers.nginx.inner_paths import inner_path_variants
from diagnose.parsers.nginx.proxied_request import (
    SCHEME_FIELD,
    ProxiedRequest,
    RequestVariant,
    context_path_variants,
    is_ignored_name,
    proxied_request,
    request_variants,
)
from diagnose.parsers.nginx.upstreams import intercepts_errors
from diagnose.parsers.own_scheme import is_about_http, plain_addresses
from diagnose.parsers.redirects import REDIRECTS, drops_port, leads_to_http, leads_to_itself
from diagnose.parsers.setting_symptoms import has_sign_in, has_token
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.upstream_answers import (
    REDIRECT,
    TOLD,
    absolute_location,
    is_accepted,
    is_questionable,
    needs_unknown_path,
    reproduces,
)
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_requests, upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.compared_requests import Asking, control
from diagnose.probes.inside.context_paths import read_context_paths
from diagnose.probes.inside.upstream_routes import UpstreamRoute

#: Maximum number of changed requests. With nginx's own, the controls, and the four requests under
#: other names (`upstream_requests`), an application gets a dozen at most.
MAX_VARIANTS = 5

#: Maximum number of prefixes among them.
_MAX_PREFIXES = 3

#: Seconds after which no further request is begun. An application beside nginx answers in
#: milliseconds.
MAX_SECONDS = 6.0

_HOST_FIELD = "X-Forwarded-Host"

#: The first folder of a path.
_FOLDER = re.compile(r"(/[\w.~-]{1,60})/", re.ASCII)


@probe(after=Exchange, needs=NginxConfig)
async def page_questioned(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    if is_first(ctx, exchange, _is_question):
        await _compare(ctx, config, exchange)


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    is_target = exchange.is_page_of(ctx.target)
    return is_target and (
        is_questionable(exchange)
        or _may_hide_answer(ctx, exchange)
        or _may_miss_cookie(ctx, exchange)
        or _names_itself_plain(ctx, exchange)
        or _is_told_of_http(ctx, exchange)
        or _names_application(ctx, exchange)
        or leads_to_http(exchange)
        or drops_port(exchange)
    )


def _names_application(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether an answer has addresses of the name that nginx sends in the field Host in the place
    of the visitor's: no visitor reaches the application by it."""
    if not 200 <= (exchange.status or 0) < 300:
        return False
    for config in ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, ctx.target.path)
        request = nginx_request(ctx, route, ctx.target, exchange) if route else None
        host = (request.field("Host") or "") if request else ""
        if not is_visitors_host(host, ctx.target):
            return bool(addresses_of(answer_text(exchange), host))
    return False


def _is_told_of_http(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a message says that a login or a redirect leads to http, and the page shows no such
    address: how the application answers a form cannot be tried."""
    return (
        is_about_http(ctx.target.symptom)
        and ctx.target.uses_tls
        and 200 <= (exchange.status or 0) < 300
    )


def _names_itself_plain(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether an answer over https has http: addresses of the site itself, in links or in JSON: an
    application writes them that takes its visitor for one without TLS."""
    return (
        ctx.target.uses_tls
        and 200 <= (exchange.status or 0) < 300
        and bool(plain_addresses(exchange.body, ctx.target.host))
    )


def _may_miss_cookie(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether a message says that a cookie is missing, and a page over https sets none: an
    application that takes its visitor for one without TLS sends no Secure cookie. Or a page for
    signing in has a token against forged forms and sets none, so that its form is refused, and
    nginx does not tell the application that the visitor uses https."""
    symptom, status = ctx.target.symptom, exchange.status or 0
    if not ctx.target.uses_tls or exchange.header("Set-Cookie") is not None:
        return False
    if symptom is not None and symptom.kind in {"cookie", "login"} and 200 <= status < 300:
        return True
    if not (200 <= status < 300 and has_sign_in(exchange) and has_token(exchange)):
        return False
    configs = ctx.observed(NginxConfig)[:1]
    routes = (upstream_routes.find_route(ctx, config, ctx.target.path) for config in configs)
    requests = (nginx_request(ctx, route, ctx.target, exchange) for route in routes if route)
    return any(request.field(SCHEME_FIELD) != "https" for request in requests if request)


def _may_hide_answer(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether an error may come from nginx's cache, or stands in the place of the application's
    answer (proxy_intercept_errors): then only nginx's own request is sent."""
    routes = (
        upstream_routes.find_route(ctx, config, ctx.target.path)
        for config in ctx.observed(NginxConfig)[:1]
    )
    return (exchange.status or 0) >= 500 and any(
        route.place.directive("proxy_cache") or intercepts_errors(route.place)
        for route in routes
        if route
    )


async def _compare(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    route = upstream_routes.find_route(ctx, config, ctx.target.path)
    in_scope = ctx.options.wants("upstream") or ctx.options.wants("http")
    if route is None or not in_scope or ctx.target.websockets == (route.path,):
        return
    method = "POST" if exchange.method == "POST" else "GET"
    request = nginx_request(ctx, route, ctx.target, exchange)
    if request is None:
        return
    asking = Asking(ctx, route, ctx.elapsed() + MAX_SECONDS, method)
    as_nginx = RequestVariant(request, "none", "none")
    first = await asking.ask(as_nginx)
    if first is None or not is_own_answer(route, first, exchange):
        return
    is_about_scheme = _names_itself_plain(ctx, exchange) or _is_told_of_http(ctx, exchange)
    leads_down = leads_to_http(exchange) and not is_questionable(exchange)
    if is_about_scheme or leads_down or _may_miss_cookie(ctx, exchange):
        await _tell_scheme(asking, as_nginx, first)
    if drops_port(exchange) and not is_questionable(exchange):
        await _tell_port(asking, as_nginx, first)
    if first.host_addresses and _names_application(ctx, exchange):
        await _tell_host(asking, as_nginx, first, exchange)
    if not is_questionable(exchange) or await _fill_field(asking, as_nginx, first):
        return
    if method == "POST":
        variants = form_variants(request, ctx.target)
    else:
        variants = await page_variants(ctx, route, request, ctx.target, exchange)
    for number, variant in enumerate(variants[:MAX_VARIANTS], start=1):
        if await is_decisive(asking, as_nginx, first, variant, number):
            return
    if method == "GET" and exchange.status == 404:
        for variant in inner_path_variants(request, route.place, ctx.target.path):
            if await is_decisive(asking, as_nginx, first, variant, MAX_VARIANTS):
                return
        await try_first_folder(asking, as_nginx, first)


async def is_decisive(
    asking: Asking,
    as_nginx: RequestVariant,
    first: ComparedRequest,
    variant: RequestVariant,
    number: int,
) -> bool:
    """Ask for a changed request, and return whether the application serves the page then; the
    controls follow. `first` is the answer to nginx's own request."""
    response = await asking.ask(variant)
    target = asking.ctx.target
    if asking.kind is not ComparedRequest:
        target = replace(target, path=first.path, websockets=())
    if response is None or not is_accepted(response, first, target):
        return False
    if needs_unknown_path(variant.part, variant.name):
        await asking.ask(unknown_variant(variant))
    await control(asking, as_nginx, variant, number)
    return True


def unknown_variant(variant: RequestVariant) -> RequestVariant:
    """Return the request for a path beside that of the changed one, which nobody has made. An
    application may have one page for all paths."""
    path = unknown_path(variant.value)
    return replace(
        variant, request=replace(variant.request, path=path), part="unknown-path", value=path
    )


def nginx_request(
    ctx: ProbeContext, route: UpstreamRoute, target: Target, exchange: Exchange
) -> ProxiedRequest | None:
    """Return nginx's request for a page of the site; None if its Host cannot be known. The path of
    `target` is that of the page."""
    version, fields = upstream_requests.http_version(ctx, route), visitor_fields(ctx, exchange)
    return proxied_request(route.place, route.upstream, target, version, fields)


async def page_variants(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: ProxiedRequest,
    target: Target,
    exchange: Exchange,
) -> list[RequestVariant]:
    """Return the changed requests for a page, the most promising first."""
    fields, status = visitor_fields(ctx, exchange), exchange.status or 0
    variants = [
        *folder_variants(request, route.place),
        *request_variants(request, route.place, route.upstream, target, status, fields),
    ]
    if leads_to_itself(exchange):
        # After the scheme alone, which is most often enough; the name alone is asked elsewhere.
        place = 1 + max(
            (n for n, each in enumerate(variants) if each.name == SCHEME_FIELD), default=0
        )
        variants[place:place] = origin_variants(request, target)
    if status == 404:
        paths = await read_context_paths(ctx, route)
        below = [
            *context_path_variants(request, paths.settings),
            *context_path_variants(request, paths.prefixes, TOLD),
        ]
        variants = [*variants[:2], *below[:_MAX_PREFIXES], *variants[2:]]
    return variants


async def try_first_folder(
    asking: Asking, as_nginx: RequestVariant, first: ComparedRequest
) -> None:
    """Ask for the path below the folder to which the application redirects from its root, if that
    was not asked for yet."""
    folder = await _first_folder(asking.ctx, asking.route, as_nginx.request)
    asked = {each.value for each in asking.ctx.observed(asking.kind) if each.part != "none"}
    for variant in context_path_variants(as_nginx.request, (folder,) if folder else (), REDIRECT):
        if variant.value not in asked:
            await is_decisive(asking, as_nginx, first, variant, MAX_VARIANTS)


async def _first_folder(ctx: ProbeContext, route: UpstreamRoute, request: ProxiedRequest) -> str:
    """Return the folder to which the application redirects from its root, "/app"; "" for none."""
    if request.path.partition("?")[0] in {"", "/"}:
        return ""
    answer = await send_request(ctx, route, replace(request, path="/"))
    if answer is None or answer.head.status not in REDIRECTS:
        return ""
    location = parse_url(absolute_location(answer.field("Location"), ctx.target.url))
    match = _FOLDER.match(location.path) if location else None
    return match[1] if match else ""


async def _tell_scheme(asking: Asking, as_nginx: RequestVariant, first: ComparedRequest) -> None:
    """Ask again with the scheme that the visitor uses, if nginx does not tell it; and once more, as
    a control, if the application sets a Secure cookie then or names no http: address any more."""
    request, original = as_nginx.request, as_nginx.request.field(SCHEME_FIELD) or ""
    if original == "https":
        return
    change: RequestChange = "replaced" if original else "added"
    with_https = request.with_field(SCHEME_FIELD, "https")
    variant = RequestVariant(with_https, "field", change, SCHEME_FIELD, original, "https")
    response = await asking.ask(variant)
    if response is None or response.status != first.status:
        return
    sets_cookie = bool(response.secure_cookies) and not first.secure_cookies
    names_https = bool(first.plain_addresses) and not response.plain_addresses
    if sets_cookie or names_https:
        await control(asking, as_nginx, variant, 1)


async def _tell_port(asking: Asking, as_nginx: RequestVariant, first: ComparedRequest) -> None:
    """Ask again with the visitor's port in the fields for it that nginx does not send, until the
    application redirects to that port; the controls follow."""
    request, target = as_nginx.request, asking.ctx.target
    for name, value in (("X-Forwarded-Port", str(target.port)), (_HOST_FIELD, target.authority)):
        if request.field(name) is not None:
            continue
        with_port = request.with_field(name, value)
        variant = RequestVariant(with_port, "field", "added", name, "", value)
        response = await asking.ask(variant)
        onward = parse_url(response.location) if response else None
        if onward and (onward.host, onward.port) == (target.host, target.port):
            await control(asking, as_nginx, variant, 1)
            return


async def _tell_host(
    asking: Asking, as_nginx: RequestVariant, first: ComparedRequest, exchange: Exchange
) -> None:
    """Ask again with the visitor's Host; and once more, as a control, if the application makes its
    addresses of it."""
    request, host = as_nginx.request, asking.ctx.target.authority
    original = request.field("Host") or ""
    with_host = request.with_field("Host", host)
    variant = RequestVariant(with_host, "field", "replaced", "Host", original, host)
    response = await asking.ask(variant)
    addresses = response.host_addresses if response and response.status == first.status else ()
    if follows_host(exchange, first.host_addresses, addresses, (original, host)):
        await control(asking, as_nginx, variant, 1)


async def _fill_field(asking: Asking, as_nginx: RequestVariant, first: ComparedRequest) -> bool:
    """Ask again with the field that the application demands, if nginx drops fields of that name,
    and return whether it does not miss it any more; the controls follow."""
    name = demanded_field(first.body) if first.status in REFUSALS else ""
    if not name or not is_ignored_name(asking.route.place, name):
        return False
    variant = RequestVariant(
        as_nginx.request.with_field(name, "1"), "field", "added", name, "", "1"
    )
    response = await asking.ask(variant)
    if response is None or response.failure or demanded_field(response.body) == name:
        return False
    await control(asking, as_nginx, variant, 1)
    return True


#: With these a browser sends the Origin of the site's own page (Fetch standard, "append a request
#: Origin header"); with a GET of its own site it sends none.
ORIGIN_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def visitor_fields(ctx: ProbeContext, exchange: Exchange) -> dict[str, str]:
    """Return the fields of our own visit, which nginx passes on.

    What the user added may be secret: only our own sockets carry it, never a command line.
    """
    from diagnose.net.http import USER_AGENT

    fields = {
        "User-Agent": USER_AGENT,
        "Accept": "text/html,*/*;q=0.8",
        "Accept-Encoding": "identity",
        "Upgrade-Insecure-Requests": "1",
    }
    if exchange.method in ORIGIN_METHODS:
        fields["Origin"] = ctx.options.request.origin or ctx.target.origin
    if exchange.verified and ctx.machine.via == "local":
        fields |= ctx.options.request.fields()
    return fields


def is_own_answer(route: UpstreamRoute, response: ComparedRequest, exchange: Exchange) -> bool:
    """Whether what visitors get is the application's answer, and not a page of nginx's own with
    the same status."""
    if response.failure:
        return reproduces(response, exchange)
    intercepts = route.place.directive("proxy_intercept_errors")
    is_nginx_page = (
        bool(proxy_page(exchange.body))
        and not proxy_page(response.body)
        and not (intercepts and intercepts.args[:1] == ("on",))
    )
    return reproduces(response, exchange) and not is_nginx_page
