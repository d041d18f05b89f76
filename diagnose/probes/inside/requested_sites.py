"""What this run requested of sites of Apache, by which its log is read."""

from collections.abc import Iterable, Iterator

from diagnose.model.http import Upgrade
from diagnose.model.tcp import Connection
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.apache.requested_site import RequestedSite
from diagnose.parsers.web_sites import route_of, site_at
from diagnose.probes import ProbeContext


def requested_site(ctx: ProbeContext, sites: tuple[WebSite, ...], path: str) -> RequestedSite:
    """Return what this run requested: `path`, or the target's page and the WebSockets that were
    refused. A route may be for one kind of request alone."""
    refused = (upgrade.path for upgrade in ctx.observed(Upgrade) if is_refused(upgrade))
    websockets = () if path else dict.fromkeys((*ctx.target.websockets, *refused))
    requests = [(path or ctx.target.path, False), *((path, True) for path in websockets)]
    requests = [(path.partition("?")[0], websocket) for path, websocket in requests]
    routes = [
        route
        for site in sites
        for path, websocket in requests
        if (route := route_of(site, path, websocket))
    ]
    gateways = (socket for site in sites for socket in site.gateways)
    return RequestedSite(
        [path for path, _ in requests],
        list(dict.fromkeys(_folders(sites, [path for path, _ in requests]))),
        tuple(_backends(routes)),
        (*gateways, *(route.socket for route in routes if route.socket)),
        {connection.source for connection in ctx.observed(Connection)} - {""},
    )


def _folders(sites: tuple[WebSite, ...], paths: list[str]) -> Iterator[str]:
    """Yield the folders of the sites, and of the aliases that take one of the paths."""
    yield from (site.root for site in sites if site.root)
    for site in sites:
        for path in paths:
            folder = site_at(site, path)[0].root
            if folder:
                yield folder


def _backends(routes: Iterable[SiteRoute]) -> Iterator[str]:
    for route in routes:
        yield from route.members
        if route.host:
            default = 443 if route.scheme in {"https", "wss"} else 80
            yield f"{route.host}:{route.port or default}"


def is_refused(upgrade: Upgrade) -> bool:
    """Whether a visitor's WebSocket did not open, with an answer of an error."""
    return upgrade.is_visit and (upgrade.status or 0) >= 400
