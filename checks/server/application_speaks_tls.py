"""The site passes requests on in plain HTTP to an application that wants TLS. Its answer says so;
or it ends the connection without one, and a TLS handshake with it succeeds; or it refuses plain
HTTP with 400 or without an answer, to visitors or to HAProxy's health check, and answers the same
page over TLS. Or a
line of Apache for WebSockets has ws:// where another line of the site has https:// for that port.

Where visitors use plain HTTP too, the port itself must be known to have no TLS: else the answer may
be its own."""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import (
    refused_websockets,
    websocket_paths,
    websocket_severity,
    websocket_subjects,
)
from checks.server._caddy_proxy_lines import tls_edit
from checks.server._haproxy import haproxy_view, insert_word
from checks.server._protocol_edits import apache_tls_edit
from checks.server._traefik_service_edits import tls_edit as traefik_tls_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendHandshake
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import wants_tls
from diagnose.parsers.web_sites import route_of

_UNVERIFIED = re.compile(r"(?i)\binsecureSkipVerify[\"']?\s*[:=]\s*[\"']?true\b")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.application-answers",
        "server.own-answer",
        "http.plain-to-tls-port",
        "http.server-error",
        "server.haproxy-health-check-fails",
        "server.request-logged",
        "websocket.*",
    ],
)
def application_speaks_tls(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    pages = _pages(view)
    answers = [page for page in pages if page.failure is None and wants_tls(page)]
    own = target.path_without_query
    routes = [route_of(site, own, websocket=False) for site in view.answering_sites]
    route = next(
        (route for route in routes if route and route.scheme == "http" and route.target), None
    )
    yield from _websocket_claims(view)
    if route is None or None in routes:
        return
    handshakes = [] if answers else _handshakes(evidence, route.target)
    failed = [page for page in pages if page.status == 502] if handshakes else []
    answered = [] if answers or handshakes else _answered_over_tls(evidence, route.target)
    if answered:
        handshakes, failed = answered, _refused(evidence, pages)
    if not answers and (not failed or len(failed) != len(pages)):
        return
    # A handshake without the visitors' name was completed first, if there was one.
    name = handshakes[0].server_name if handshakes else ""
    name = name if name == target.host else ""
    endpoint = route.target.partition("://")[2].rstrip("/")
    host = endpoint.rpartition(":")[0].strip("[]")
    fix = _fix(view, route, name, handshakes)
    is_trusted = _is_trusted(route, handshakes)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port),),
        because=(view.server, view.config, *answers, *failed, *handshakes),
        facts={
            **view.facts,
            "target": endpoint,
            "scheme": "https" if target.uses_tls else "http",
            "over_tls": target.uses_tls,
            "server_name": host if "." in host and not is_address(host) else "",
            "place": place_text(route.file, route.line),
            "other": "",
            "says_so": bool(answers),
            "status": failed[0].status if failed else 400,
            "by_check": any(page.status == 503 for page in failed),
            "cut": bool(answered) and _ends_plain(evidence),
            "tls_status": answered[0].status if answered else "",
            "command": handshakes[0].equivalent if handshakes else "",
            "unverified": fix.applicability is Applicability.REVIEW and not is_trusted,
            "caddy": view.server.product == "caddy",
            "apache": view.server.product == "apache",
            "haproxy": view.server.product == "haproxy",
            "traefik": view.server.product == "traefik",
        },
        fix=fix,
    )


def _websocket_claims(view: ServerView) -> Iterator[Claim]:
    """Make the claim for WebSockets that Apache passes on without TLS to the port to which another
    line of the site speaks TLS."""
    target = view.evidence.target
    sites = view.answering_sites if view.server.product == "apache" else ()
    for path in websocket_paths(view.evidence) if len(sites) == 1 else ():
        refused = refused_websockets(view.evidence, path)
        route = route_of(sites[0], path.partition("?")[0], websocket=True)
        if not refused or route is None or route.scheme not in {"ws", "http"} or not route.host:
            continue
        other = next(
            (
                each
                for each in sites[0].routes
                if each.scheme in {"https", "wss"} and each.authority == route.authority
            ),
            None,
        )
        if other is None or refused[0].status not in {400, 502}:
            continue
        line = line_text(view, route.file, route.line)
        secured = re.sub(rf"\b(ws|http)://(?={re.escape(route.authority)})", r"\1s://", line)
        edit = line_edit(view, route.file, {route.line: (secured,)}) if line else None
        yield Claim(
            about=Subject(port=target.port, path=path),
            covers=websocket_subjects(view.evidence, path),
            because=(view.server, *((view.config,) if view.config else ()), *refused),
            confidence=Confidence.LIKELY,
            severity=websocket_severity(view.evidence),
            facts={
                **view.facts,
                "target": route.authority,
                "scheme": "https" if target.uses_tls else "http",
                "over_tls": target.uses_tls,
                "server_name": "",
                "place": place_text(route.file, route.line),
                "other": place_text(other.file, other.line),
                "says_so": False,
                "status": refused[0].status or "",
                "by_check": False,
                "cut": False,
                "tls_status": "",
                "command": "",
                "unverified": False,
                "caddy": False,
                "apache": True,
                "haproxy": False,
                "traefik": False,
            },
            fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "use-tls"),
        )


def _refused(evidence: Evidence, pages: list[Exchange]) -> list[Exchange]:
    """Return the pages that the application refused in plain HTTP: with 400, or by its answer 400
    to HAProxy's health check or none, after which HAProxy has no server and answers 503 itself."""
    is_refused = any(
        attempt.status == 400 and attempt.purpose == "page" for attempt in evidence.of(HaproxyTry)
    )
    is_refused = is_refused or _ends_plain(evidence)
    return [page for page in pages if page.status == 400 or (page.status == 503 and is_refused)]


def _ends_plain(evidence: Evidence) -> bool:
    """Return whether the application ends every connection that asks for the page in plain HTTP."""
    tries = [
        attempt
        for attempt in evidence.of(HaproxyTry)
        if attempt.purpose == "page" and not attempt.tls
    ]
    return bool(tries) and all(
        attempt.failure is not None and attempt.failure.kind in {"reset", "closed"}
        for attempt in tries
    )


def _fix(
    view: ServerView, route: SiteRoute, name: str, handshakes: Sequence[BackendHandshake]
) -> Fix:
    """Return the words for HAProxy's server of this machine, or Caddy's application, whose
    certificate nobody else can take the place of. For others, and other products, a person names
    the authority."""
    if view.server.product == "caddy":
        is_trusted = not name and _is_trusted(route, handshakes)
        is_safe = is_trusted or is_local_host(route.host)
        edit = tls_edit(view, route, is_trusted) if is_safe else None
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if view.server.product == "traefik":
        is_trusted = not name and _is_trusted(route, handshakes)
        edit = traefik_tls_edit(view, route, is_trusted) if is_local_host(route.host) else None
        if edit is not None:
            return Fix((edit,), Applicability.REVIEW)
        if not route.file and (is_trusted or not _verifies(view)):
            # Imported late: only a finding needs it.
            from checks.server._traefik_labels import service_fix

            fix = service_fix(view.evidence, {"server.scheme": "https"})
            return fix or manual_fix(view, "use-tls")
    if view.server.product == "apache" and is_local_host(route.host):
        edit = apache_tls_edit(view, route)
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or not is_local_host(route.host):
        return manual_fix(view, "use-tls")
    words = f"ssl verify none sni str({name}) check-sni {name}" if name else "ssl verify none"
    edit = insert_word(view, Line((), route.file, route.line), words)
    if edit is None:
        return manual_fix(view, "use-tls")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _verifies(view: ServerView) -> bool:
    """Return whether Traefik verifies the certificates of applications ("serversTransport")."""
    static = view.config.file(view.config.path) if view.config else None
    texts = (view.server.arguments, static.text if static else "")
    return not any(map(_UNVERIFIED.search, texts))


def _is_trusted(route: SiteRoute, handshakes: Sequence[BackendHandshake]) -> bool:
    """Return whether the system trusts the certificate, and it is for the very name of the route:
    the handshake does not compare the name, and Caddy and Traefik do."""
    if not handshakes or handshakes[0].verify_code != 0:
        return False
    leaf = next(iter(handshakes[0].chain), None)
    return leaf is not None and covers(route.host, leaf.dns_names, leaf.addresses)


def _pages(view: ServerView) -> list[Exchange]:
    """Return the visitors' requests that the server itself did not take for TLS by mistake."""
    target, sites = view.evidence.target, view.answering_sites
    is_plain = bool(sites) and not any(
        socket.tls for site in sites for socket in site.sockets if socket.port == target.port
    )
    return [
        page for page in page_exchanges(view.evidence) if page.url.startswith("https:") or is_plain
    ]


def _handshakes(evidence: Evidence, target: str) -> list[BackendHandshake]:
    """Return the handshakes with the application that succeeded, where plain HTTP got no answer."""
    return [
        handshake
        for handshake in evidence.good(BackendHandshake)
        if handshake.target == target and handshake.verify_code is not None and not handshake.plain
        if handshake.status is None
    ]


def _answered_over_tls(evidence: Evidence, target: str) -> list[BackendHandshake]:
    """Return the handshakes after which the application gave the page that it refused without."""
    return [
        handshake
        for handshake in evidence.good(BackendHandshake)
        if handshake.target == target and handshake.verify_code is not None
        if 200 <= (handshake.status or 0) < 400
    ]
