"""What checks share that compare answers of an application, asked directly with other headers."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from checks.server import ServerView
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.backends import BackendAnswer, BackendVisit
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import UnservedRequests
from diagnose.model.pages import WebSocketPath
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.unknown_paths import unknown_path
from diagnose.parsers.web_sites import route_of, sole_application

#: What visitors got: this run's own visits, or requests of the access log.
Visit = Exchange | Upgrade | UnservedRequests
#: A path, what visitors got there, and whether it is that of a WebSocket.
VisitedPath = tuple[str, Sequence[Visit], bool]


def route_to_application(
    view: ServerView, path: str = "", websocket: bool = False
) -> SiteRoute | None:
    """Return the route that takes the target's page, or the page or the WebSocket at another path,
    if it is the same on every address."""
    own = (path or view.evidence.target.path).partition("?")[0]
    routes = {route_of(site, own, websocket) for site in view.answering_sites}
    return routes.pop() if len(routes) == 1 else None


def cause_of_lost_route(view: ServerView) -> tuple[str, ...]:
    """Return the finding from which it follows that the server answers itself: the files pass the
    page on, and the server refuses them and goes on with older ones."""
    is_refused = view.test is not None and not view.test.passed
    return ("server.config-invalid",) if is_refused and route_to_application(view) else ()


def is_passed_to_a_server(evidence: Evidence, route: SiteRoute) -> bool:
    """Return whether another web server of this machine has the port to which a route leads. What
    it makes of the request, and what is behind it, the answers of that port do not tell apart."""
    return any(
        (socket.process or "") in WEB_SERVER_PROCESSES
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(route.port)
    )


def failed_route(view: ServerView) -> SiteRoute | None:
    """Return the route to the application that is behind an error 502 to 504 of the page: that of
    the path, or else the only one of the site."""
    if route := route_to_application(view):
        return route
    own = view.evidence.target.path_without_query
    routes = {sole_application(site, own) for site in view.answering_sites}
    return routes.pop() if len(routes) == 1 else None


def answer_with(
    evidence: Evidence,
    route: SiteRoute,
    host: str,
    proto: str,
    websocket: str = "",
    forwarded_for: bool = False,
) -> BackendAnswer | None:
    """Return the application's answer to these headers, or to the handshake of the WebSocket at
    this path; None if it was not asked."""
    return next(iter(answers_with(evidence, route, host, proto, websocket, forwarded_for)), None)


def answers_with(
    evidence: Evidence,
    route: SiteRoute,
    host: str,
    proto: str,
    websocket: str = "",
    forwarded_for: bool = False,
) -> tuple[BackendAnswer, ...]:
    """Return all answers to these headers, with those to a request that was repeated as a
    control."""
    return tuple(
        answer
        for answer in evidence.good(BackendAnswer)
        if (answer.target, answer.host, answer.proto) == (route.target, host, proto)
        if answer.websocket is bool(websocket) and websocket in {"", answer.path}
        if answer.forwarded_for is forwarded_for and not answer.origin
    )


def refused_websockets(evidence: Evidence, path: str) -> list[Upgrade]:
    """Return the handshakes of visitors at a path; none if one of them opened a WebSocket.

    An answer in HTTP/1.0 is the application's own, which the server passes on.
    """
    upgrades = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.path == path and upgrade.port == evidence.target.port
        if upgrade.is_visit
    ]
    is_open = any(upgrade.accepted or upgrade.fault == "version" for upgrade in upgrades)
    return [] if is_open else upgrades


def websocket_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths of the WebSockets that the user named, or else those of the page and of the
    access log whose application opened them when it was asked directly."""
    if evidence.target.websockets:
        return tuple(dict.fromkeys(evidence.target.websockets))
    opened = dict.fromkeys(
        visit.requested
        for visit in evidence.good(BackendVisit)
        if visit.websocket and visit.accepted
    )
    paths = [websocket.path for websocket in evidence.good(WebSocketPath)]
    named = [path for path in dict.fromkeys(paths) if path.partition("?")[0] in opened]
    in_page = {path.partition("?")[0] for path in named}
    return (*named, *(path for path in opened if path not in in_page))


def websocket_severity(evidence: Evidence) -> Severity | None:
    """Return the severity of a refused WebSocket: the page's program may do without one that the
    user did not name."""
    return None if evidence.target.websockets else Severity.WARNING


def refused_paths(
    evidence: Evidence,
) -> Iterator[tuple[str, Sequence[Exchange | Upgrade], bool]]:
    """Yield the target's path with its answers 404, then the path of each WebSocket with its
    refused handshakes; True for those of a WebSocket."""
    target = evidence.target
    yield target.path, [page for page in page_exchanges(evidence) if page.status == 404], False
    for path in websocket_paths(evidence):
        yield path, refused_websockets(evidence, path), True


def claims_of_paths(
    paths: Iterable[VisitedPath], judge: Callable[[str, Sequence[Visit], bool], Iterator[Claim]]
) -> Iterator[Claim]:
    """Yield what is claimed of each path. The same WebSocket with and without its query has one
    fault."""
    claims = (claim for path in paths for claim in judge(*path))
    yield from {(claim.about, claim.facts["websocket"]): claim for claim in claims}.values()


def missed_paths(evidence: Evidence) -> Iterator[VisitedPath]:
    """Yield the paths that visitors asked for again and again and nobody got, by the access log,
    whose application answers at another path what it does not answer at one that nobody has made,
    a page or a demand for a login."""
    for missed in evidence.good(UnservedRequests):
        visits = [
            visit
            for visit in evidence.good(BackendVisit)
            if visit.requested == missed.path and not visit.websocket
        ]
        controls = {visit.path: visit for visit in visits}
        for visit in visits:
            control = controls.get(unknown_path(visit.path))
            if control is None or not is_there(visit):
                continue
            if (control.status, control.media_type) == (visit.status, visit.media_type):
                continue
            # Some programs ask for the address of an interface, which need not be there.
            if visit.path != "/" or (missed.beside and visit.media_type == "text/html"):
                yield missed.path, [missed], False
                break


def is_there(visit: BackendVisit) -> bool:
    """Return whether an application has something at a path, if only for who logs in or sends
    something (RFC 9110 sections 15.5.2 and 15.5.6)."""
    return visit.succeeded or visit.status in {401, 405}


def websocket_subjects(evidence: Evidence, path: str) -> tuple[Subject, ...]:
    """Return a path without its query, and the WebSockets at it with theirs: a fault of the path is
    that of each."""
    own = path.partition("?")[0]
    paths = (
        websocket_path
        for websocket_path in websocket_paths(evidence)
        if websocket_path.partition("?")[0] == own
    )
    port = evidence.target.port
    return tuple(Subject(port=port, path=each) for each in dict.fromkeys((own, *paths)))


def visit_of(
    evidence: Evidence, route: SiteRoute, requested: str, path: str, websocket: bool
) -> BackendVisit | None:
    """Return the direct visit of the application at a path, for what visitors request at another
    one or the same; None if nobody asked, or nothing answered. One that succeeded comes first: a
    WebSocket may be refused without its query."""
    visits = (
        visit
        for visit in evidence.good(BackendVisit)
        if (visit.target, visit.requested, visit.path) == (route.target, requested, path)
        if visit.websocket is websocket
    )
    return max(visits, key=lambda visit: visit.succeeded, default=None)
