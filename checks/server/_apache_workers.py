"""The line of Apache whose parameters count for an application: lines share a worker (mod_proxy,
"Worker Sharing")."""

import re

from checks.server import ServerView, line_text
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.apache.routes import worker_routes
from diagnose.parsers.web_sites import is_within

_PASS = re.compile(r"(?i)\s*ProxyPass\s")


def parameter_route(view: ServerView, route: SiteRoute) -> SiteRoute:
    """Return the route on whose line the parameters of a route's application count."""
    site = next((site for site in view.answering_sites if is_within(site, route)), None)
    if view.server.product != "apache" or site is None or not _is_pass(view, route):
        return route
    routes = [each for each in site.routes if _is_pass(view, each)]
    workers = zip(routes, worker_routes(routes), strict=True)
    return next((worker for each, worker in workers if each == route), route)


def _is_pass(view: ServerView, route: SiteRoute) -> bool:
    """Return whether a `ProxyPass` line makes the route: a rule makes no worker."""
    return _PASS.match(line_text(view, route.file, route.line)) is not None
