"""The application redirects visitors of https to http, whatever it is told: asked directly, it
redirects to the same address without X-Forwarded-Proto and with "X-Forwarded-Proto: https".

It does not trust the server in front, reads no such field at all, or has its own address with http
in its settings. Apache (`Header edit Location`), HAProxy (`http-response replace-header Location`)
and Caddy (`header_down Location`) can write https into its redirects.
"""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import (
    answer_with,
    is_passed_to_a_server,
    route_to_application,
)
from checks.server._location_lines import location_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.redirects import REDIRECTS, follow_redirects, leads_to_http
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer, Exchange],
    explains=[
        "http.redirect-downgrade",
        "http.no-redirect",
        "http.login-return-address",
        "server.application-answers",
        "websocket.redirected",
    ],
)
def application_writes_http(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or not target.uses_tls:
        return
    route, pages = route_to_application(view), page_exchanges(evidence)
    if route is None or not pages or not all(map(leads_to_http, pages)):
        return
    plain = answer_with(evidence, route, target.authority, "")
    secure = answer_with(evidence, route, target.authority, "https")
    # The application's own redirect is the one that visitors get.
    locations = {page.header("Location") for page in pages}
    if plain is None or secure is None or {plain.location, secure.location} != locations:
        return
    if plain.status not in REDIRECTS or secure.status not in REDIRECTS:
        return
    onward = parse_url(secure.location)
    if onward is None or onward.host != target.host:
        return
    # Imported late: only a finding needs it.
    from checks.http._forwarded_scheme import forwarded_scheme
    from checks.http._known_application import own_setting

    chain = follow_redirects(pages[0], evidence.of(Exchange))
    is_back = chain.end == "answer" and chain.steps[-1].url.startswith("https:")
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(plain, secure, view.server, *pages),
        facts={
            **view.facts,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "url": pages[0].url,
            "status": secure.status,
            "location": secure.location,
            "command": secure.equivalent,
            "back": is_back,
            "told": forwarded_scheme(evidence, target.path),
            "origin": target.origin,
            view.server.product: True,
            **own_setting(evidence, "trusted_proxy", "public_url"),
        },
        severity=Severity.WARNING if is_back else None,
        # A web server in between may say http in place of what it is told.
        confidence=Confidence.POSSIBLE
        if is_passed_to_a_server(evidence, route)
        else Confidence.CERTAIN,
        fix=_fix(view, route, secure.location),
    )


def _fix(view: ServerView, route: SiteRoute, location: str) -> Fix:
    authority = location.partition("://")[2].partition("/")[0].partition("?")[0]
    steps = location_steps(view, route, authority)
    if not steps:
        return manual_fix(view, "write-https")
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
