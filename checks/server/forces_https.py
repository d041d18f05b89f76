"""The application behind Apache, Caddy or HAProxy redirects every request to https, also those of
visitors who use https: it is asked over http, and looks at nothing else.

Asked directly with the visitor's name, it redirects to the visitor's own URL, with
"X-Forwarded-Proto: https" as well as without.
"""

from collections.abc import Iterator

from checks.http._inner_site import inner_site_facts
from checks.server import place_text, server_on_port
from checks.server._backend_answers import answer_with, route_to_application
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, leads_to_itself
from diagnose.parsers.urls import normalize_url


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer, Exchange],
    explains=[
        "server.application-answers",
        "http.redirect-loop",
        "http.no-redirect",
        "websocket.redirected",
    ],
)
def forces_https(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or not target.uses_tls:
        return
    route, pages = route_to_application(view), page_exchanges(evidence)
    # A server that redirects until a cookie comes back is another matter.
    loops = pages and all(leads_to_itself(page) and not page.header("Set-Cookie") for page in pages)
    if route is None or route.scheme != "http" or not loops:
        return
    plain = answer_with(evidence, route, target.authority, "")
    secure = answer_with(evidence, route, target.authority, "https")
    if plain is None or secure is None or not {plain.status, secure.status} <= REDIRECTS:
        return
    url = normalize_url(pages[0].url)
    if any(
        not answer.location or normalize_url(answer.location) != url for answer in (plain, secure)
    ):
        return
    # Imported late: few applications redirect for ever.
    from checks.http._known_application import own_setting

    application = inner_site_facts(evidence, route.port, pages)
    step = "tell-wordpress" if application["wordpress"] else "choose"
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(plain, secure, view.server, *pages),
        # Whether a field that nobody knows would stop it is not proven.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "status": secure.status,
            "location": secure.location,
            view.server.product: True,
            **application,
            **own_setting(evidence, "trusted_proxy"),
        },
        # Only the third choice changes the server in front.
        fix=Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL),
    )
