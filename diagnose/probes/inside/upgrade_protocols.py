"""Asks the site and the application itself for a protocol other than WebSocket, after visitors did
not get it: once for each path."""

from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.backends import UpgradeTrial
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.upgrade_protocols import UpgradeProtocol, protocol_at, protocol_meant
from diagnose.probes import ProbeContext, probe

#: Seconds. Who changes the protocol waits for its first message.
_PATIENCE = 2


@probe(after=Exchange, needs=NginxConfig)
async def after_a_page(ctx: ProbeContext, page: Exchange, config: NginxConfig) -> None:
    await _try_page(ctx, page)


@probe(after=Exchange, needs=WebServerConfig)
async def after_a_page_of_a_server(
    ctx: ProbeContext, page: Exchange, config: WebServerConfig
) -> None:
    await _try_page(ctx, page)


async def _try_page(ctx: ProbeContext, page: Exchange) -> None:
    """The path itself was asked for, or a message speaks of the program."""
    if not page.is_page_of(ctx.target) or page.failure is not None:
        return
    symptom = ctx.target.symptom
    protocol = protocol_at(ctx.target.path_without_query)
    protocol = protocol or (protocol_meant(symptom.text) if symptom else None)
    if protocol is not None:
        await _try(ctx, protocol)


@probe(after=FailedRequests)
async def after_a_logged_request(ctx: ProbeContext, failure: FailedRequests) -> None:
    protocol = protocol_at(failure.path)
    if protocol is not None:
        await _try(ctx, protocol)


async def _try(ctx: ProbeContext, protocol: UpgradeProtocol) -> None:
    application = next(_applications(ctx, protocol.path), "")
    # Imported late: few sites have such a protocol.
    from diagnose.probes.inside.unanswered import curl_or_unseen

    if not application or not ctx.further_requests.begin(f"Upgrade at {protocol.path}"):
        return
    at, target = ctx.elapsed(), ctx.target
    options = ("-k", "--noproxy", "*", "-X", protocol.method)
    fields = ("Connection: Upgrade", f"Upgrade: {protocol.name}", *protocol.fields)
    named = (f"Host: {target.authority}", *fields)
    own = ("--resolve", f"{target.host}:{target.port}:127.0.0.1")
    url = f"{target.origin}{protocol.path}"
    front = await curl_or_unseen(ctx, url, fields, (*options, *own), _PATIENCE)
    direct = await curl_or_unseen(ctx, application, named, options, _PATIENCE)
    if front is None or direct is None:
        return
    ctx.emit(
        UpgradeTrial(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=direct.equivalent,
            method=protocol.method,
            path=protocol.path,
            protocol=protocol.name,
            application=application,
            status=front.status,
            direct_status=direct.status,
        )
    )


def _applications(ctx: ProbeContext, path: str) -> Iterator[str]:
    """Yield the addresses at which the application has a path, in plain HTTP."""
    from diagnose.parsers.web_sites import inner_path, routes_of_name
    from diagnose.probes.inside import upstream_routes
    from diagnose.probes.inside.backends import is_holder

    for config in ctx.observed(WebServerConfig):
        routes = routes_of_name(config, ctx.target.port, ctx.target.host, path, False)
        for route in routes if is_holder(ctx, config) else ():
            if route.scheme == "http" and route.host and route.port:
                yield f"http://{route.authority}{inner_path(route, path)}"
    for nginx in ctx.observed(NginxConfig):
        upstream_route = upstream_routes.find_route(ctx, nginx, path)
        if upstream_route is None or upstream_route.upstream.scheme != "http":
            continue
        for endpoint in upstream_route.upstream.endpoints[:1]:
            if not endpoint.socket:
                yield f"http://{endpoint}{upstream_route.upstream_path}"
