"""Probe that asks the application whether it compresses a page in which nginx replaces text.

A browser gets the page compressed, and nginx may have done that itself after the replacement. One
GET to the application, with the Accept-Encoding that nginx passes on, decides. It is sent only
where a `sub_filter` is in force.
"""

from diagnose.model import Vantage
from diagnose.model.http import BrowserVisit, header
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx.proxied_request import proxied_request
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.upstream_requests import http_version

#: The field that decides, and what browsers send in it.
FIELD, CODINGS = "Accept-Encoding", "gzip, deflate, br, zstd"


@probe(after=BrowserVisit, needs=NginxConfig)
async def page_compressed(ctx: ProbeContext, visit: BrowserVisit, config: NginxConfig) -> None:
    if not is_first(ctx, visit, _is_compressed):
        return
    route = upstream_routes.find_route(ctx, config, ctx.target.path)
    if route is None or not route.place.directives("sub_filter"):
        return
    if not (ctx.options.wants("upstream") or ctx.options.wants("nginx")):
        return
    version, at = http_version(ctx, route), ctx.elapsed()
    fields = {"Accept": "text/html,*/*;q=0.8", FIELD: CODINGS}
    request = proxied_request(route.place, route.upstream, ctx.target, version, fields)
    passed = request.field(FIELD) if request else None
    answer = await send_request(ctx, route, request) if request and passed else None
    if answer is None or passed is None:
        return
    head = answer.head
    ctx.emit(
        ComparedRequest(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=answer.equivalent,
            failure=answer.failure if head.status is None else None,
            target=route.upstream.target,
            path=route.path,
            address=answer.peer[0],
            port=answer.peer[1],
            part="field",
            name=FIELD,
            value=passed,
            status=head.status,
            reason=head.reason,
            coding=answer.field("Content-Encoding")[:20],
        )
    )


def _is_compressed(_: ProbeContext, visit: BrowserVisit) -> bool:
    return visit.status == 200 and bool(header(visit.headers, "Content-Encoding"))
