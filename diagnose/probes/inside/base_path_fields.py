"""Asks the application of a sub-folder for its page once more, after the page named files at the
root of the site that are below its folder: as the server in front asks, and with one of the fields
that tell an application its folder. What the page names then is the application's own answer.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from diagnose.model import Failure, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.base_path_references import (
    PREFIX_FIELDS,
    names_below,
    openings_in,
    paths_of,
    references_in,
)
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.parsers.web_sites import inner_path, routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.backends import is_holder
from diagnose.probes.inside.unanswered import curl_or_unseen
from diagnose.probes.inside.upstream_comparisons import nginx_request
from diagnose.probes.inside.upstream_routes import UpstreamRoute


@probe(after=PageFileTrial, needs=NginxConfig)
async def prefix_fields(ctx: ProbeContext, trial: PageFileTrial, config: NginxConfig) -> None:
    """Emit what the page names with each field, until one of them makes the difference."""
    steps = [step for step in ctx.observed(Exchange) if step.url == trial.page]
    path = urlsplit(trial.page).path
    if not trial.is_used or _lacks_slash(trial) or not steps or not path:
        return
    target = replace(ctx.target, path=path, websockets=())
    route = upstream_routes.find_route(ctx, config, path)
    request = nginx_request(ctx, route, target, steps[0]) if route else None
    if route is None or request is None or not ctx.further_requests.begin("fields of a base path"):
        return
    control = await _try(ctx, route, request, trial, "")
    if control is None or control.names_prefix or control.status != 200:
        return
    for name in PREFIX_FIELDS:
        if request.field(name) is None and ctx.elapsed() < ctx.options.timeout - 2.0:
            with_prefix = request.with_field(name, trial.prefix)
            answer = await _try(ctx, route, with_prefix, trial, name)
            if answer is None or answer.names_prefix:
                return


@probe(after=PageFileTrial, needs=WebServerConfig)
async def prefix_fields_of_route(
    ctx: ProbeContext, trial: PageFileTrial, config: WebServerConfig
) -> None:
    """Do the same behind Apache, Caddy or HAProxy."""
    path = urlsplit(trial.page).path
    if not trial.is_used or _lacks_slash(trial) or not path or not is_holder(ctx, config):
        return
    routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
    if len(routes) != 1 or not routes[0].host or routes[0].scheme != "http":
        return
    if not ctx.further_requests.begin("fields of a base path"):
        return
    control = await _try_route(ctx, routes[0], trial, "")
    if control is None or control.names_prefix or control.status != 200:
        return
    for name in PREFIX_FIELDS:
        if ctx.elapsed() < ctx.options.timeout - 2.0:
            answer = await _try_route(ctx, routes[0], trial, name)
            if answer is None or answer.names_prefix:
                return


def _lacks_slash(trial: PageFileTrial) -> bool:
    """Return whether the page names the file relatively, and only its address lacks the slash."""
    return not trial.is_absolute and urlsplit(trial.page).path == trial.prefix


async def _try_route(
    ctx: ProbeContext, route: SiteRoute, trial: PageFileTrial, name: str
) -> PrefixTrial | None:
    at, path = ctx.elapsed(), inner_path(route, urlsplit(trial.page).path)
    if not path.startswith("/"):
        return None
    fields = [f"Host: {ctx.target.authority}", "X-Forwarded-Proto: https"]
    fields += [f"{name}: {trial.prefix}"] if name else []
    url = f"http://{route.authority}{path}"
    response = await curl_or_unseen(ctx, url, tuple(fields), ("--noproxy", "*"))
    if response is None:
        return None
    failure = None if response.status else response.failure
    asked = _Asked(at, route.target, name, response.equivalent, failure)
    return _emit(ctx, trial, asked, response.status, response.text)


async def _try(
    ctx: ProbeContext,
    route: UpstreamRoute,
    request: ProxiedRequest,
    trial: PageFileTrial,
    name: str,
) -> PrefixTrial | None:
    at = ctx.elapsed()
    answer = await send_request(ctx, route, request)
    if answer is None:
        return None
    asked = _Asked(at, route.upstream.target, name, answer.equivalent, answer.fault)
    return _emit(ctx, trial, asked, answer.head.status, answer.text)


@frozen
class _Asked:
    """When the application at `target` was asked, with which field, and by which command; `failure`
    says why it gave no answer."""

    at: float
    target: str
    field: str
    equivalent: str
    failure: Failure | None


def _emit(
    ctx: ProbeContext, trial: PageFileTrial, asked: _Asked, status: int | None, text: str
) -> PrefixTrial:
    files = [file.url for page in ctx.observed(Page) for file in page.files]
    paths, openings = paths_of([trial.file, *files]), openings_in(text)
    others = (each for each in references_in(text, paths) if not each.startswith(openings))
    return ctx.emit(
        PrefixTrial(
            vantage=Vantage.SERVER,
            at=asked.at,
            took=ctx.elapsed() - asked.at,
            equivalent=asked.equivalent,
            failure=asked.failure,
            target=asked.target,
            page=trial.page,
            prefix=trial.prefix,
            field=asked.field,
            status=status,
            names_prefix=names_below(text, trial.prefix, paths),
            references=(*openings, *others),
        )
    )
