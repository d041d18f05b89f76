"""Asks the application of a sub-folder for its page once more, after the page named files at the
root of the site that are below its folder: as nginx asks, and with one of the fields that tell an
application its folder. What the page names then is the application's own answer.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.parsers.base_path_references import (
    PREFIX_FIELDS,
    names_below,
    paths_of,
    references_in,
)
from diagnose.parsers.nginx.proxied_request import ProxiedRequest
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.upstream_comparisons import nginx_request
from diagnose.probes.inside.upstream_routes import UpstreamRoute


@probe(after=PageFileTrial, needs=NginxConfig)
async def prefix_fields(ctx: ProbeContext, trial: PageFileTrial, config: NginxConfig) -> None:
    """Emit what the page names with each field, until one of them makes the difference."""
    steps = [step for step in ctx.observed(Exchange) if step.url == trial.page]
    path = urlsplit(trial.page).path
    if not trial.is_used or not trial.is_absolute or not steps or not path:
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
            told = request.with_field(name, trial.prefix)
            answer = await _try(ctx, route, told, trial, name)
            if answer is None or answer.names_prefix:
                return


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
    files = [file.url for page in ctx.observed(Page) for file in page.files]
    paths = paths_of([trial.file, *files])
    return ctx.emit(
        PrefixTrial(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=answer.equivalent,
            failure=answer.fault,
            target=route.upstream.target,
            page=trial.page,
            prefix=trial.prefix,
            field=name,
            status=answer.head.status,
            names_prefix=names_below(answer.text, trial.prefix, paths),
            references=references_in(answer.text, paths),
        )
    )
