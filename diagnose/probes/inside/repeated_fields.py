"""Asks the application behind a proxy of this machine with a field once and twice, where the proxy
adds that field beside one that it may have got, and visitors do not get the page.

Four requests for each field, of two at most. They are GET.
"""

from diagnose.model import Vantage
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.repeated_fields import adding_lines
from diagnose.parsers.web_sites import inner_path, routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import curl_or_unseen

#: Seconds for one request.
PATIENCE = 3
#: Most fields that are tried.
_MAX_FIELDS = 2


async def try_repeated_fields(ctx: ProbeContext, config: WebServerConfig, visitor: str) -> None:
    """Emit a trial of each field that a server of this configuration adds, once in a run. `visitor`
    is an address that nobody has."""
    path = ctx.target.path_without_query
    for server in ctx.observed(WebServer):
        if server.product != config.product or server.foreign or server.container:
            continue
        for port in server.ports:
            names = {
                line.name.lower(): line.name for line in adding_lines(config, port, ctx.target.host)
            }
            routes = routes_of_name(config, port, ctx.target.host, path, False) if names else ()
            for name in list(names.values())[:_MAX_FIELDS]:
                for route in routes[:1]:
                    question = f"{name} twice at {route.target}"
                    if (
                        route.host
                        and route.scheme == "http"
                        and ctx.further_requests.begin(question)
                    ):
                        await _try(ctx, route, port, name, visitor)


async def _try(ctx: ProbeContext, route: SiteRoute, port: int, name: str, visitor: str) -> None:
    at, path = ctx.elapsed(), inner_path(route, ctx.target.path)
    host = ctx.target.authority if route.keeps_host else route.replacement_host
    own, other = _values(ctx, name, visitor)
    fields = [f"Host: {host}"]
    if name.lower() != "x-forwarded-proto" and ctx.target.uses_tls:
        fields.append("X-Forwarded-Proto: https")
    statuses: dict[int, list[int | None]] = {1: [], 2: []}
    equivalent = ""
    for count in (1, 2, 2, 1):
        repeated = [f"{name}: {value}" for value in (own, other)[:count]]
        response = await curl_or_unseen(
            ctx, f"http://{route.authority}{path}", (*fields, *repeated), ("--noproxy", "*"),
            PATIENCE,
        )  # fmt: skip
        if response is None:
            return
        statuses[count].append(response.status)
        equivalent = response.equivalent if count > 1 else equivalent
    once, twice = (status[0] if len(set(status)) == 1 else None for status in statuses.values())
    ctx.emit(
        RepeatedFieldTrial(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=equivalent,
            target=route.target,
            path=path,
            port=port,
            name=name,
            once=once,
            twice=twice,
        )
    )


def _values(ctx: ProbeContext, name: str, visitor: str) -> tuple[str, str]:
    """Return the values of the field as the first proxy sends it, and of the second."""
    match name.lower():
        case "x-forwarded-for":
            return visitor, "127.0.0.1"
        case "x-forwarded-proto":
            scheme = "https" if ctx.target.uses_tls else "http"
            return scheme, scheme
        case _:
            return ctx.target.authority, ctx.target.authority
