"""Probes that ask the application whether it compresses a page in which nginx or Apache replaces
text.

A browser gets the page compressed, and the server in front may have done that itself after the
replacement. One GET to the application, with the Accept-Encoding that is passed on, decides. It is
sent only where a `sub_filter`, or a filter of Apache's that replaces text, is in the configuration.
"""

from diagnose.model import Vantage
from diagnose.model.http import BrowserVisit, header
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx.proxied_request import proxied_request
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.application_requests import send_request
from diagnose.probes.inside.upstream_requests import http_version

#: The field that decides, and what browsers send in it.
FIELD, CODINGS = "Accept-Encoding", "gzip, deflate, br, zstd"
#: The directives of Apache's that replace text (mod_substitute, mod_sed, mod_proxy_html).
_REPLACES = lazy_pattern(r"(?im)^[ \t]{0,80}(?:Substitute|OutputSed|ProxyHTMLURLMap)[ \t]")


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


@probe(after=BrowserVisit, needs=WebServerConfig)
async def page_of_apache_compressed(
    ctx: ProbeContext, visit: BrowserVisit, config: WebServerConfig
) -> None:
    if config.product != "apache" or not is_first(ctx, visit, _is_compressed):
        return
    if not any(_REPLACES.search(file.text) for file in config.files):
        return
    # Imported late: few sites replace text.
    from diagnose.parsers.web_sites import inner_path, routes_of_name
    from diagnose.probes.inside.backends import is_holder
    from diagnose.probes.inside.unanswered import curl_or_unseen

    target, path = ctx.target, ctx.target.path_without_query
    routes = routes_of_name(config, target.port, target.host, path, False)[:1]
    if not is_holder(ctx, config) or not ctx.options.wants("server"):
        return
    for route in routes:
        if not route.host or route.scheme not in {"http", "https"}:
            return
        url = f"{route.scheme}://{route.authority}{inner_path(route, target.path)}"
        host = target.authority if route.keeps_host else route.replacement_host
        fields = (f"Host: {host}", "X-Forwarded-Proto: https", f"{FIELD}: {CODINGS}")
        at = ctx.elapsed()
        answer = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"), 3)
        if answer is not None and answer.status is not None:
            ctx.emit(
                ComparedRequest(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=answer.took,
                    equivalent=answer.equivalent,
                    target=route.target,
                    path=path,
                    address=route.host,
                    port=route.port,
                    part="field",
                    name=FIELD,
                    value=CODINGS,
                    status=answer.status,
                    coding=answer.coding,
                )
            )


def _is_compressed(_: ProbeContext, visit: BrowserVisit) -> bool:
    return visit.status == 200 and bool(header(visit.headers, "Content-Encoding"))
