"""Apache, Caddy or HAProxy passes the page on to itself: the address of the application is its own,
and the request that arrives there is passed on to the same address again, without end. Or it
arrives at the site for port 80, which redirects it to the URL that the visitor has already.

It happens where the site's own public name is written in place of the application's address.
"""

from collections.abc import Iterator, Sequence

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._address_edits import moved_route_edit
from checks.server._backend_answers import route_to_application
from checks.upstream._listening import only_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.addresses import is_local_host
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.server import Interface, Listeners, interface_addresses, server_interfaces
from diagnose.model.web_servers import SiteRedirect, SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.redirects import leads_to_itself
from diagnose.parsers.web_sites import answering_sites, redirect_of, route_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange, Interface],
    explains=[
        "server.answer-too-late",
        "server.application-answers",
        "server.application-silent",
        "server.backend-tls-fails",
        "server.caddy-sni-missing",
        "server.forces-https",
        "server.request-failed",
        "http.*",
        "websocket.*",
    ],
)
def proxied_to_itself(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    failed = [answer for answer in page_exchanges(evidence) if _has_failed(answer)]
    route = route_to_application(view) if view and failed else None
    if view is None or route is None or not _is_here(view, route):
        return
    loops = [answer for answer in failed if leads_to_itself(answer)]
    redirect = _own_redirect(view, route) if len(loops) == len(failed) else None
    is_error = not any(300 <= (answer.status or 0) < 400 for answer in failed)
    if redirect is None and not (is_error and _returns(view, route)):
        return
    port = "" if view.server.container else only_port(evidence)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(*failed, view.server, *((view.config,) if view.config else ())),
        confidence=_confidence(evidence, route),
        facts={
            **view.facts,
            "target": route.target,
            "place": place_text(route.file, route.line),
            "application": route.authority,
            "loop": redirect is not None,
            "status": failed[0].status or "",
            "only_port": port,
            view.server.product: True,
        },
        fix=_fix(view, route, port),
    )


def _fix(view: ServerView, route: SiteRoute, port: str) -> Fix:
    """Name the only program that may be the application: a person knows whether it is."""
    edit = moved_route_edit(view, route, port) if port else None
    if edit is None:
        return manual_fix(view, "name-the-application")
    typed: tuple[Edit | Command, ...] = (edit, *reload_steps(view.server))
    step = Manual("name-the-application", Where.SERVER, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _has_failed(answer: Exchange) -> bool:
    return bool(answer.failure) or (answer.status or 0) >= 300


def _is_here(view: ServerView, route: SiteRoute) -> bool:
    """Return whether this server alone has the port at the route's address, which is this machine's
    or the site's own name. In a container the machine's addresses are others."""
    evidence = view.evidence
    is_own = route.host == evidence.target.host or (
        not view.server.container
        and (
            is_local_host(route.host)
            or route.host in interface_addresses(server_interfaces(evidence))
        )
    )
    holders = {
        socket.process
        for listeners in evidence.good(Listeners)
        for socket in listeners.on(route.port)
    }
    return is_own and route.port in view.server.ports and len(holders) <= 1


def _confidence(evidence: Evidence, route: SiteRoute) -> Confidence:
    """A name may lead elsewhere on the server itself (/etc/hosts); certain is what leads to one of
    its addresses."""
    addresses = {
        address
        for resolution in evidence.good(Resolution)
        if resolution.name == route.host
        for address in resolution.addresses
    }
    is_own = route.host != evidence.target.host or addresses & interface_addresses(
        server_interfaces(evidence)
    )
    return Confidence.CERTAIN if is_own else Confidence.LIKELY


def _sent_host(view: ServerView, route: SiteRoute) -> str:
    return view.evidence.target.host if route.keeps_host else route.sent_host or route.host


def _returns(view: ServerView, route: SiteRoute) -> bool:
    """Return whether each site that may take the request there passes it on by the same route."""
    if view.config is None:
        return False
    sites = answering_sites(view.config, route.port, _sent_host(view, route))
    path = view.evidence.target.path_without_query
    routes = [route_of(site, path) for site in sites]
    return bool(routes) and all(own and own.target == route.target for own in routes)


def _own_redirect(view: ServerView, route: SiteRoute) -> SiteRedirect | None:
    """Return the redirect that answers the request there; None if a site there has none."""
    if view.config is None or route.port == view.evidence.target.port:
        return None
    sites = answering_sites(view.config, route.port, _sent_host(view, route))
    path = view.evidence.target.path_without_query
    redirects: Sequence[SiteRedirect | None] = [redirect_of(site, path) for site in sites]
    return redirects[0] if redirects and all(redirects) else None
