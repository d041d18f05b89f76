"""The site passes requests on with TLS, and the handshake with the application fails: the
certificate does not pass the verification, or the port speaks plain HTTP. Caddy says "x509: …",
Apache AH02005 or AH01097, HAProxy "Layer6 invalid response".
"""

from collections.abc import Iterator, Sequence
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
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import (
    ServerRequestError,
    SiteRoute,
    WebServer,
    WebServerConfig,
)
from diagnose.parsers.hostnames import covers
from diagnose.parsers.web_sites import route_of

#: OpenSSL's results for a certificate that no trusted authority issued
#: (openssl-verification-options(1)).
_UNTRUSTED = {2, 18, 19, 20, 21}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendHandshake, Exchange],
    explains=["server.application-answers", "http.server-error", "server.haproxy-no-server"],
)
def backend_tls_fails(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None:
        return
    pages = page_exchanges(evidence)
    if not pages or any(page.failure is None and (page.status or 0) < 500 for page in pages):
        return
    if any(error.reason == "backend-tls" for error in evidence.good(ServerRequestError)):
        return  # Apache does not even begin TLS
    path = target.path.partition("?")[0]
    chosen = (route_of(site, path, websocket=False) for site in view.answering_sites)
    # A handshake is also done where the site uses none, to see whether the application wants one.
    routes = {route.target: route for route in chosen if route and route.scheme in {"https", "wss"}}
    for handshake in evidence.of(BackendHandshake):
        route = routes.get(handshake.target)
        own_name = route.server_name or route.host if route else ""
        if handshake.server_name == target.host != own_name:
            continue  # done with a name that the site does not send
        reason = _reason(handshake, route, evidence.started_at) if route else ""
        if route and reason:
            yield _claim(view, route, handshake, reason, pages)


def _claim(
    view: ServerView,
    route: SiteRoute,
    handshake: BackendHandshake,
    reason: str,
    pages: Sequence[Exchange],
) -> Claim:
    leaf = handshake.chain[0] if handshake.chain else None
    port = view.evidence.target.port
    return Claim(
        about=Subject(port=port, path=view.evidence.target.path),
        covers=(Subject(port=port), Subject(port=80)),
        because=(handshake, view.server, *pages),
        facts={
            **view.facts,
            "status": pages[0].status or "",
            "target": route.target,
            "endpoint": f"{handshake.host}:{handshake.port}",
            "place": place_text(route.file, route.line),
            reason: True,
            "result": handshake.verify_text,
            "wanted": handshake.server_name,
            "names": (*leaf.dns_names, *leaf.addresses)[:6] if leaf else (),
            "command": handshake.equivalent,
            view.server.product: True,
        },
        fix=_fix(view, route, reason),
    )


def _reason(handshake: BackendHandshake, route: SiteRoute, started_at: datetime) -> str:
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
    is_named = covers(handshake.server_name, leaf.dns_names, leaf.addresses)
    if is_untrusted:
        return "untrusted"
    return "name_differs" if route.verify != "chain" and not is_named else ""


def _fix(view: ServerView, route: SiteRoute, reason: str) -> Fix:
    """Speak plain HTTP to a port of this machine that knows nothing else. A verification is never
    turned off."""
    local = is_local_host(route.host)
    if reason != "plain" or not local:
        return manual_fix(view, reason)
    line = line_text(view, route.file, route.line)
    written = line.replace("https://", "http://").replace("wss://", "ws://")
    edit = line_edit(view, route.file, {route.line: (written,)})
    if edit is None:
        return manual_fix(view, "plain")
    return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
