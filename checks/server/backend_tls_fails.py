"""The site passes requests on with TLS, and the handshake with the application fails: the
certificate does not pass the verification, or the port speaks plain HTTP. Caddy says "x509: …",
Apache AH02005 or AH01097, HAProxy "Layer6 invalid response". Plain HTTP is also the cause where
Apache has no `SSLProxyEngine on`: with TLS it would fail as before.

A line for WebSockets alone (`wss://`) is judged by the plain HTTP with which the same port answers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import refused_websockets, websocket_paths
from checks.server._caddy_proxy_lines import server_name_edit, tls_edit
from checks.server._haproxy_tls import with_name, without_tls
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendHandshake, BackendVisit
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests, RefusedHandshakes, ServerRequestError
from diagnose.model.pages import WebSocketPath
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig, WebSite
from diagnose.parsers.hostnames import covers, plain_name
from diagnose.parsers.http import proxy_page
from diagnose.parsers.urls import parse_url
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.parsers.web_sites import is_taken, misses_pattern, route_of

#: OpenSSL's results for a certificate that no trusted authority issued
#: (openssl-verification-options(1)).
_UNTRUSTED = {2, 18, 19, 20, 21}

#: The host and the port of a target for WebSockets with TLS.
_ENDPOINT = re.compile(r"(?i)wss://([\w.-]{1,253}):([0-9]{1,5})(?![0-9])")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers", "http.server-error", "server.haproxy-no-server",
        "server.request-logged", "server.websocket-not-passed", "websocket.not-upgraded",
        "websocket.inner-proxy", "server.request-failed", "server.other-requests-failed",
        "http.redirect-to-error",
    ],
)  # fmt: skip
def backend_tls_fails(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    # Apache does not even begin TLS: what its verification would say does not matter then.
    is_off = any(error.reason == "backend-tls" for error in evidence.good(ServerRequestError))
    yield from _websocket_claims(view)
    yield from _logged_claims(view)
    pages = page_exchanges(evidence)
    if not pages or any(page.failure is None and (page.status or 0) < 500 for page in pages):
        return
    path = target.path_without_query
    chosen = (route_of(site, path, websocket=False) for site in view.answering_sites)
    # A handshake is also done where the site uses none, to see whether the application wants one.
    routes = {route.target: route for route in chosen if route and route.scheme in {"https", "wss"}}
    claimed: set[tuple[str, str]] = set()
    for handshake in evidence.of(BackendHandshake):
        route = routes.get(handshake.target)
        own_name = route.server_name or route.host if route else ""
        if handshake.server_name == target.host != own_name:
            continue  # done with a name that the site does not send
        name = _compared_name(view, route, handshake) if route else ""
        reason = _reason(handshake, route, evidence.started_at, name) if route else ""
        # Several pages may each have led to a handshake.
        is_new = (handshake.target, reason) not in claimed
        if route and reason and is_new and (reason == "plain" or not is_off):
            claimed.add((handshake.target, reason))
            yield _claim(view, route, handshake, reason, pages)


def _websocket_claims(view: ServerView) -> Iterator[Claim]:
    """Make the claims for WebSockets that are passed on with TLS to a port that answers plain HTTP,
    and with which a TLS handshake was not completed."""
    evidence, port = view.evidence, view.evidence.target.port
    for path in websocket_paths(evidence):
        own = path.partition("?")[0]
        refused = [u for u in refused_websockets(evidence, path) if (u.status or 0) >= 500]
        chosen = [_secure_route(site, own) for site in view.answering_sites]
        route = next(iter(chosen), None)
        if not refused or route is None or None in chosen:
            continue
        visits = [
            visit
            for visit in evidence.good(BackendVisit)
            if visit.status and _is_same_port(visit.target, route)
        ]
        handshakes = [
            handshake
            for handshake in evidence.good(BackendHandshake)
            if handshake.port == route.port and _is_same_host(handshake.host, route.host)
        ]
        if not visits or not handshakes or any(h.verify_code is not None for h in handshakes):
            continue
        claim = _claim(view, route, handshakes[0], "plain", refused)
        paths = tuple(Subject(port=port, path=each) for each in dict.fromkeys((path, own)))
        # A port of TLS may answer plain HTTP with 400 too.
        is_sure = any(visit.status != 400 for visit in visits)
        yield replace(
            claim,
            about=paths[0],
            covers=paths,
            because=(*claim.because, *visits),
            confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY,
            fix=claim.fix if is_sure else _reviewed(claim.fix),
        )


def _reviewed(fix: Fix | None) -> Fix | None:
    """Return a fix that a person looks at first."""
    if fix is None or fix.applicability is Applicability.MANUAL:
        return fix
    return replace(fix, applicability=Applicability.REVIEW)


def _logged_claims(view: ServerView) -> Iterator[Claim]:
    """Make the claims for WebSockets that visitors did not get, by Apache's access log, and that
    are passed on with TLS to the port to which another line of the site speaks plain HTTP, with
    success: what answers that there has no TLS."""
    evidence, port = view.evidence, view.evidence.target.port
    sites = view.answering_sites if view.server.product == "apache" else ()
    seen = {upgrade.path for upgrade in evidence.of(Upgrade)}
    named = {
        refused_handshake.path
        for refused_handshake in evidence.good(RefusedHandshakes)
        if refused_handshake.status == 500
    }
    named |= {path.path.partition("?")[0] for path in evidence.good(WebSocketPath)}
    claimed: set[int] = set()
    # That the path answers without an upgrade in this run says nothing of its WebSocket.
    for failure in evidence.good(FailedRequests) if len(sites) == 1 else ():
        is_own = failure.server == "apache" and failure.status == 500
        is_meant = failure.path in named or is_usual_websocket(failure.path)
        is_new = is_own and is_meant and failure.path not in seen
        route = _secure_route(sites[0], failure.path) if is_new else None
        if route is None or route.line in claimed:
            continue
        pages = [page for page in evidence.good(Exchange) if _is_plain_page(sites[0], page, route)]
        if pages:
            claimed.add(route.line)
            claim = _claim(view, route, None, "plain", [failure])
            about = Subject(port=port, path=failure.path)
            tries = [visit for visit in evidence.of(BackendVisit) if _lacks_tls(visit, route)]
            yield replace(
                claim,
                about=about,
                covers=(about,),
                because=(*claim.because, *pages[:1], *tries[:1]),
                confidence=Confidence.CERTAIN if tries else Confidence.LIKELY,
                severity=Severity.WARNING,
                fix=claim.fix if tries else _reviewed(claim.fix),
            )


def _lacks_tls(visit: BackendVisit, route: SiteRoute) -> bool:
    """Return whether a request over TLS to a route's port got no TLS, as this run sent it."""
    url = _ENDPOINT.match(visit.target)
    is_try = visit.failure is not None and visit.failure.kind == "protocol"
    return is_try and url is not None and int(url[2]) == route.port


def _is_plain_page(site: WebSite, page: Exchange, secure: SiteRoute) -> bool:
    """Return whether a page came over plain HTTP from the host and port of a route with TLS."""
    url = parse_url(page.url)
    is_page = page.status is not None and page.status < 400 and not proxy_page(page.body)
    if url is None or not is_page:
        return False
    route = route_of(site, url.path.partition("?")[0], websocket=False)
    is_plain = route is not None and route.scheme == "http" and route.port == secure.port
    return is_plain and route is not None and _is_same_host(route.host, secure.host)


def _secure_route(site: WebSite, path: str) -> SiteRoute | None:
    """Return the route by which WebSockets of a path are passed on, if it is one with TLS. A target
    may end with a variable, `wss://HOST:PORT%{REQUEST_URI}`: its host and port are known."""
    routes = (
        route
        for route in site.routes
        if (not misses_pattern(route, path) if route.pattern else is_taken(route, path))
        if not route.pattern or route.for_websockets is not False
    )
    route = next(routes, None)
    url = _ENDPOINT.match(route.target) if route else None
    if route is None or url is None or (route.pattern and not route.for_websockets):
        return None
    return replace(route, scheme="wss", host=url[1], port=int(url[2]))


def _is_same_port(target: str, route: SiteRoute) -> bool:
    """Return whether a URL of an application is one of plain HTTP at the port of a route."""
    url = parse_url(target)
    is_plain = url is not None and not url.secure and url.port == route.port
    return is_plain and url is not None and _is_same_host(url.host, route.host)


def _is_same_host(first: str, second: str) -> bool:
    return first == second or (is_local_host(first) and is_local_host(second))


def _claim(
    view: ServerView,
    route: SiteRoute,
    handshake: BackendHandshake | None,
    reason: str,
    pages: Sequence[Exchange | Upgrade | FailedRequests],
) -> Claim:
    leaf = handshake.chain[0] if handshake and handshake.chain else None
    port = view.evidence.target.port
    fix = _fix(view, route, reason, leaf.dns_names if leaf else ())
    kept = None
    if reason == "name_differs" and handshake and leaf and view.server.product == "apache":
        # Imported late: few certificates are for another name.
        from checks.server._kept_host import kept_host_fix

        if covers(route.host, leaf.dns_names, leaf.addresses):
            kept = kept_host_fix(view, route)
    return Claim(
        about=Subject(port=port, path=view.evidence.target.path),
        covers=(Subject(port=port), Subject(port=80)),
        because=(*([handshake] if handshake else []), view.server, *pages),
        facts={
            **view.facts,
            "status": pages[0].status or "",
            "websocket": not isinstance(pages[0], Exchange),
            "target": route.target,
            "endpoint": f"{handshake.host}:{handshake.port}" if handshake else route.authority,
            "place": place_text(route.file, route.line),
            reason: True,
            "unverified": reason == "untrusted" and fix.applicability is Applicability.REVIEW,
            "result": handshake.verify_text if handshake else "",
            "wanted": _compared_name(view, route, handshake) if handshake else "",
            "kept_host": kept is not None,
            "check_off": kept is not None and kept.is_check_off,
            "other_name": _other_name(handshake, route, reason) if handshake else "",
            "names": (*leaf.dns_names, *leaf.addresses)[:6] if leaf else (),
            "command": handshake.equivalent if handshake else "",
            view.server.product: True,
        },
        fix=kept.fix if kept else fix,
    )


def _compared_name(view: ServerView, route: SiteRoute, handshake: BackendHandshake) -> str:
    """Return the name that the certificate must have. Apache compares it with the field Host that
    it sends, which is the visitor's with `ProxyPreserveHost On`."""
    is_kept = view.server.product == "apache" and route.keeps_host
    return view.evidence.target.host if is_kept else handshake.server_name


def _reason(handshake: BackendHandshake, route: SiteRoute, started_at: datetime, name: str) -> str:
    """Return why the server ends the handshake ("untrusted"), as the facts name it; "" if
    nothing shows it."""
    if handshake.plain:
        return "plain"
    if handshake.verify_code is None or route.verify in {"", "none"} or not handshake.chain:
        return ""
    leaf = handshake.chain[0]
    if leaf.not_after is not None and leaf.not_after < started_at:
        return "expired"
    is_untrusted = route.verify != "name" and handshake.verify_code in _UNTRUSTED
    is_named = covers(name, leaf.dns_names, leaf.addresses)
    if is_untrusted:
        return "untrusted"
    return "name_differs" if route.verify != "chain" and not is_named else ""


def _other_name(handshake: BackendHandshake, route: SiteRoute, reason: str) -> str:
    """Return a name of a certificate that is not trusted, and not for the name that is asked for:
    once it is trusted, the name would fail. "" if the name fits, or is not verified."""
    leaf = handshake.chain[0] if handshake.chain else None
    if reason != "untrusted" or leaf is None or route.verify == "chain":
        return ""
    if covers(handshake.server_name or route.host, leaf.dns_names, leaf.addresses):
        return ""
    return plain_name(leaf.dns_names) or ""


def _fix(view: ServerView, route: SiteRoute, reason: str, names: Sequence[str]) -> Fix:
    """Speak plain HTTP to a port of this machine that knows nothing else, and ask for a name that
    the certificate has. A verification is turned off only where Caddy does it unasked, for an
    application of this machine: nobody stands between the two."""
    local = is_local_host(route.host)
    name = plain_name(names)
    if reason == "name_differs" and view.server.product == "caddy" and name:
        # A host elsewhere serves many sites, and knows its own by the field Host as well.
        is_host_needed = route.keeps_host and not local
        named = server_name_edit(view, route, name, is_host_needed)
        if named is not None:
            return Fix((named, *reload_steps(view.server)), Applicability.REVIEW)
    if reason == "name_differs" and view.server.product == "haproxy" and name:
        written = with_name(line_text(view, route.file, route.line), route.server_name, name)
        named = line_edit(view, route.file, {route.line: (written,)})
        if named is not None:
            return Fix((named, *reload_steps(view.server)), Applicability.REVIEW)
    if reason == "untrusted" and view.server.product == "caddy" and local:
        unverified = tls_edit(view, route, is_trusted=False)
        if unverified is not None:
            return Fix((unverified, *reload_steps(view.server)), Applicability.REVIEW)
    if reason == "plain" and view.server.product == "traefik" and not route.file:
        # Imported late: only a finding needs it.
        from checks.server._traefik_labels import service_fix

        return service_fix(view.evidence, {"server.scheme": "http"}) or manual_fix(view, reason)
    if reason != "plain" or not local:
        return manual_fix(view, reason)
    line = line_text(view, route.file, route.line)
    written = line.replace("https://", "http://").replace("wss://", "ws://")
    if view.server.product == "haproxy":
        written = without_tls(line)
    edit = line_edit(view, route.file, {route.line: (written,)})
    if edit is None:
        return manual_fix(view, "plain")
    return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
