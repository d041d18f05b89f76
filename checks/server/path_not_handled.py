"""Caddy has the site, and none of its routes takes the path. Caddy then answers 200 with an empty
body, and a WebSocket is not opened. Apache answers 404 for a path without the slash with which its
<Location> or ProxyPass ends. A path matcher without "*" is that path alone, and "/a/*" does
not match "/a" (Caddyfile, "Path matchers")."""

from collections.abc import Iterator, Sequence

from checks.server import ServerView, manual_fix, place_text, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import is_taken


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.last-slash",
        "server.own-answer",
        "server.application-answers",
        "websocket.not-upgraded",
        "websocket.no-location",
        "http.blank-page",
    ],
)
def path_not_handled(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product not in {"caddy", "apache"}:
        return
    if len(view.answering_sites) != 1:
        return
    (site,) = view.answering_sites
    for path in dict.fromkeys((target.path.partition("?")[0], *target.websockets)):
        is_apache = view.server.product == "apache"
        failed = _failed(evidence, path, 404 if is_apache else 200)
        near = _near_route(site, path)
        if is_apache and (near is None or near.path != f"{path}/"):
            continue
        is_blank = any(isinstance(answer, Exchange) for answer in failed)
        missed_conditions = _missed_conditions(view, path, path in target.websockets)
        is_taken_by = any(_takes(site, path)) and not missed_conditions
        if not is_apache and path in target.websockets and not _may_handle(site, path):
            # Nothing at all answers: 200 is Caddy's own.
            is_blank = is_blank or any(answer.status == 200 for answer in failed)
        if not failed or (near is None and not is_blank and not missed_conditions) or is_taken_by:
            continue
        yield _claim(view, site, path, failed, near, missed_conditions)
    yield from _empty_files(view, site)


def _empty_files(view: ServerView, site: WebSite) -> Iterator[Claim]:
    """Make the claim for a page whose own files come empty: the route of its application is for
    the path "/" alone, or for another folder, and no route at all takes the file."""
    if view.server.product != "caddy":
        return
    exact = next((route for route in site.routes if route.target and route.exact), None)
    near = exact if exact and exact.path == "/" and not exact.pattern else None
    for file in view.evidence.good(PageFileResponse):
        url = parse_url(file.url)
        is_empty = file.status == 200 and header(file.headers, "Content-Length") == "0"
        if url is None or not is_empty or header(file.headers, "Content-Type"):
            continue
        path = url.path.partition("?")[0]
        if not any(_takes(site, path)) and (near or not _may_handle(site, path)):
            yield _claim(view, site, path, [file], near, "")
            return


def _may_handle(site: WebSite, path: str) -> bool:
    """Return whether a route takes a path, or may do so; True if no route is known."""
    return not site.routes or any(route.pattern or is_taken(route, path) for route in site.routes)


def _claim(
    view: ServerView,
    site: WebSite,
    path: str,
    failed: Sequence[Exchange | Upgrade | PageFileResponse],
    near: SiteRoute | None,
    conditions: str,
) -> Claim:
    is_apache = view.server.product == "apache"
    place = place_text(near.file, near.line) if near else place_text(site.file, site.line)
    own = Subject(port=view.evidence.target.port, path=path)
    is_page = any(isinstance(answer, Exchange) for answer in failed)
    return Claim(
        about=own,
        # The empty page itself is known by its address and port.
        covers=(own, Subject(port=own.port)) if is_page and not is_apache else (own,),
        because=(view.server, *((view.config,) if view.config else ()), *failed),
        facts={
            **view.facts,
            "path": path,
            "place": place,
            "matcher": "" if near is None else near.path if is_apache else _matcher(near),
            "wider": f"{near.path.rstrip('/')}*"
            if near and near.path != "/"
            else "*"
            if near
            else "",
            "prefix": near.path if near else "",
            "apache": is_apache,
            "missed": "" if near else conditions,
            "blank": not any(isinstance(answer, Upgrade) for answer in failed),
            "folder": site.root if not near and not conditions and _lacks_file_server(site) else "",
        },
        severity=_severity(view, site, path, near, conditions),
        fix=manual_fix(view, _step(view) if near else "match" if conditions else _addition(site)),
    )


def _lacks_file_server(site: WebSite) -> bool:
    """Return whether the site names a folder, and nothing serves it."""
    return bool(site.root) and not site.routes


def _addition(site: WebSite) -> str:
    return "serve-the-files" if _lacks_file_server(site) else "add"


def _severity(
    view: ServerView, site: WebSite, path: str, near: SiteRoute | None, conditions: str
) -> Severity | None:
    """A site for WebSockets alone needs no page, and an API none at its root."""
    if view.server.product == "caddy" and not near and _lacks_file_server(site):
        return Severity.WARNING
    if near:
        return Severity.WARNING if view.server.product == "apache" else None
    has_socket = any(upgrade.accepted for upgrade in view.evidence.good(Upgrade))
    is_meant = has_socket or (path == "/" and not conditions)
    return Severity.NOTE if is_meant else Severity.WARNING


def _missed_conditions(view: ServerView, path: str, websocket: bool) -> str:
    """Return the conditions of the routes that hold an application and do not take this request,
    if Caddy's routes were followed to the end and none answers; "" otherwise."""
    return next(
        (
            rule.condition
            for rule in (view.config.rules if view.config else ())
            if (rule.path, rule.websocket, rule.rule) == (path, websocket, "") and rule.is_certain
        ),
        "",
    )


def _step(view: ServerView) -> str:
    return "slash" if view.server.product == "apache" else "widen"


def _failed(evidence: Evidence, path: str, status: int) -> list[Exchange | Upgrade]:
    """Return the pages of the path that nobody gave (404, or 200 and empty), and its refused
    WebSockets."""
    port, target = evidence.target.port, evidence.target
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_page_of(target) and exchange.method == "GET"
        if path == target.path.partition("?")[0] and exchange.status == status
        if status == 404 or not exchange.body
    ]
    upgrades = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == path and upgrade.port == port and not upgrade.accepted
        if upgrade.status in {200, 404, 405}
    ]
    return [*pages, *upgrades]


def _takes(site: WebSite, path: str) -> Iterator[SiteRoute]:
    """Return the routes to an application that take the path, or may do so."""
    return (
        route for route in site.routes if route.pattern or (is_taken(route, path) and route.target)
    )


def _near_route(site: WebSite, path: str) -> SiteRoute | None:
    """Return the route to an application that misses the path by the end of its matcher only."""
    return next(
        (
            route
            for route in site.routes
            if route.target and not route.pattern and route.path.strip("/")
            if (route.exact and path.startswith(f"{route.path.rstrip('/')}/"))
            or route.path == f"{path}/"
        ),
        None,
    )


def _matcher(route: SiteRoute) -> str:
    return route.path if route.exact else f"{route.path}*"
