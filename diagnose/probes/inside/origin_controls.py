"""Probe that asks an application behind Apache, Caddy and HAProxy with the Origin of the site's own
pages, after a page's script got a refusal by the access log, and the server replaces the Host.

Applications compare the two and refuse what seems to come from another site, with 403, or with 404
as Jupyter does. What the script asked may have changed something: it is asked by GET, and then the
folder above it, since what had an own number may be gone.
"""

import posixpath
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.backends import BackendAnswer
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.web_sites import inner_path, routes_of_name
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.unanswered import curl_or_unseen
from diagnose.probes.inside.upstream_comparisons import ORIGIN_METHODS

#: How applications refuse the Origin.
_REFUSALS = frozenset({400, 403, 404})
#: Seconds for one request, and the most paths that are asked for.
_PATIENCE, _MAX_PATHS = 3, 2


@probe(after=FailedRequests, needs=WebServerConfig)
async def origin_controls(
    ctx: ProbeContext, failure: FailedRequests, config: WebServerConfig
) -> None:
    if failure.status not in _REFUSALS or failure.method not in ORIGIN_METHODS:
        return
    if not failure.is_from_page or failure.server != config.product:
        return
    folder = posixpath.dirname(failure.path.rstrip("/"))
    paths = dict.fromkeys((failure.path, *((folder,) if folder.count("/") > 1 else ())))
    for path in (*paths,)[:_MAX_PATHS]:
        for route in routes_of_name(config, ctx.target.port, ctx.target.host, path, False)[:1]:
            is_replaced = bool(route.host) and not route.keeps_host and route.scheme == "http"
            if not is_replaced or not ctx.further_requests.begin(f"origin control of {path}"):
                return
            refused = await _ask(ctx, route, path, route.replacement_host)
            accepted = await _ask(ctx, route, path, ctx.target.authority)
            if refused != accepted:
                return


async def _ask(ctx: ProbeContext, route: SiteRoute, path: str, host: str) -> int | None:
    """Emit the application's answer to a request with this Host; return its status."""
    at, proto = ctx.elapsed(), "https" if ctx.target.uses_tls else "http"
    origin = ctx.target.origin
    fields = (f"Host: {host}", f"X-Forwarded-Proto: {proto}", f"Origin: {origin}")
    url = f"http://{route.authority}{inner_path(route, path)}"
    response = await curl_or_unseen(ctx, url, fields, ("--noproxy", "*"), _PATIENCE)
    if response is None or response.status is None:
        return None
    answer = BackendAnswer(
        vantage=Vantage.SERVER, at=at, target=route.target, path=path, host=host, proto=proto,
        origin=origin,
    )  # fmt: skip
    ctx.emit(
        replace(answer, took=response.took, equivalent=response.equivalent, status=response.status)
    )
    return response.status
