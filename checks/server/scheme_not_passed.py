"""The application redirects to https for ever, or away from it to http, because the server does not
tell it that visitors use https already: it gets plain HTTP, without X-Forwarded-Proto or with a
wrong one. Asked directly with that header, it does not redirect so.
"""

from collections.abc import Iterator

from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import answer_with, route_to_application
from checks.server._haproxy import place
from checks.server._haproxy_scheme import scheme_edit, scheme_line
from checks.server._scheme_lines import scheme_line_facts, scheme_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Severity,
    Step,
    Subject,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.redirects import (
    REDIRECTS,
    follow_redirects,
    leads_to_http,
    redirect_target,
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendAnswer, Exchange],
    explains=[
        "server.application-answers",
        "http.redirect-loop",
        "http.redirect-downgrade",
        "websocket.redirected",
    ],
)
def scheme_not_passed(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or not target.uses_tls:
        return
    route, pages = route_to_application(view), page_exchanges(evidence)
    if route is None or not pages or not all(redirect_target(page) for page in pages):
        return
    plain = answer_with(evidence, route, target.authority, "")
    secure = answer_with(evidence, route, target.authority, "https")
    if plain is None or secure is None or plain.status not in REDIRECTS:
        return
    to_http = any(leads_to_http(page) for page in pages)
    if to_http and secure.location.startswith("http:"):
        return
    # The application's own redirect is the one that visitors get.
    is_same = plain.location in {page.header("Location") for page in pages}
    if not is_same or (secure.status in REDIRECTS and secure.location == plain.location):
        return
    written = scheme_line(view)
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port), Subject(port=80)),
        because=(plain, secure, view.server, *pages),
        facts={
            **view.facts,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "status": plain.status,
            "location": plain.location,
            "other_status": secure.status,
            "to_http": to_http,
            "loop": not to_http,
            **_own_line(view, route),
            "written": " ".join(written.words) if written else "",
            "written_place": place(written) if written else "",
            view.server.product: True,
        },
        severity=_severity(evidence, pages[0]) if to_http else None,
        fix=_fix(view, route),
    )


def _severity(evidence: Evidence, page: Exchange) -> Severity | None:
    """Return a warning for a redirect to http that leads back to https: visitors get the page."""
    chain = follow_redirects(page, evidence.of(Exchange))
    is_back = chain.end == "answer" and chain.steps[-1].url.startswith("https:")
    return Severity.WARNING if is_back else None


def _own_line(view: ServerView, route: SiteRoute) -> dict[str, object]:
    is_apache = view.server.product == "apache"
    return scheme_line_facts(view, route) if is_apache else {"own_line": "", "own_place": ""}


def _fix(view: ServerView, route: SiteRoute) -> Fix:
    steps: tuple[Step, ...] = ()
    if view.server.product == "haproxy":
        edit = scheme_edit(view)
        steps = (edit,) if edit else ()
    elif view.server.product == "apache":
        steps = scheme_steps(view, route)
    if not steps:
        return manual_fix(view, "pass-the-scheme")
    return Fix((*steps, *reload_steps(view.server)), Applicability.AUTOMATIC)
