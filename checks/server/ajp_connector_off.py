"""Apache asks a Tomcat of this machine with AJP ("ajp://127.0.0.1:8009"), and nothing listens
there: in Tomcat's server.xml the connector for AJP stands in a comment, as it is shipped since
9.0.31; or it has no secret, without which Tomcat does not start it ("The AJP Connector is
configured with secretRequired="true" but the secret attribute is either null or empty"); or the
file has none, and one for HTTP.

Tomcat reads its file when it starts. The file may be younger: so it is likely.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_steps
from checks.upstream._setting_fixes import setting_fix
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
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.program_commands import wait_for
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.web_sites import route_of

_PASSES_ON = re.compile(r"(?i)\s*ProxyPass(?:Match|Reverse)?\s")


@check(
    severity=Severity.ERROR,
    needs=[ReadSetting, WebServer, WebServerConfig, Listeners, Exchange],
    explains=[
        "http.redirect-to-error",
        "http.server-error",
        "server.application-answers",
        "server.application-down",
        "server.other-requests-failed",
        "server.request-logged",
        "upstream.application-log",
        "upstream.logged-reason",
        "upstream.service-failed",
        "websocket.not-upgraded",
    ],
)
def ajp_connector_off(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = [page for page in page_exchanges(evidence) if page.status in GATEWAY_FAILURES]
    reads = [read for read in evidence.good(ReadSetting) if read.topic == "ajp-connector"]
    route = _route(view) if view else None
    if view is None or not pages or not reads or route is None:
        return
    read = reads[0]
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(*pages, read, *evidence.good(Listeners), view.server),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "application": route.authority,
            "place": place_text(route.file, route.line),
            "file": read.place,
            "status": pages[0].status,
            "commented": read.key == "Connector",
            "secret": read.key == "secretRequired",
            "http": next(iter(read.values), ""),
        },
        ruled_out=view.ruled_out,
        fix=_by_http(view, route, read) if read.values else _opened(view, route, read),
    )


def _route(view: ServerView) -> SiteRoute | None:
    path = view.evidence.target.path_without_query
    routes = (route_of(site, path) for site in view.answering_sites)
    return next((route for route in routes if route and route.scheme == "ajp"), None)


def _opened(view: ServerView, route: SiteRoute, read: ReadSetting) -> Fix:
    """Return the edit of the connector, Tomcat's restart, and Apache's reload when it listens: for
    60 seconds after a failure Apache does not ask it again (mod_proxy, "retry")."""
    fix = setting_fix([read], "open-it")
    if fix.applicability is Applicability.MANUAL:
        return fix
    again = (wait_for(str(route.port)), *reload_steps(view.server))
    return Fix((*fix.steps, *again), fix.applicability)


def _by_http(view: ServerView, route: SiteRoute, read: ReadSetting) -> Fix:
    """Return the edit by which Apache asks Tomcat's port for HTTP, if something listens there."""
    port = int(read.values[0])
    listeners = view.evidence.good(Listeners)
    is_open = any(listing.on(port) for listing in listeners)
    modules = loading_steps(view, ("proxy_http",))
    file = view.config.file(route.file) if view.config else None
    host = re.escape(f"[{route.host}]" if ":" in route.host else route.host)
    own = rf"(?i)(?<=[\s\"'])ajp://{host}(?::{route.port}){{0,1}}(?=[/\s\"']|$)"
    changes = {
        number: (re.sub(own, f"http://127.0.0.1:{port}", text),)
        for number, text in enumerate(file_rows(view, file) if file else (), 1)
        if _PASSES_ON.match(text) and re.search(own, text)
    }
    edit = line_edit(view, route.file, changes) if route.line in changes else None
    if edit is None or modules is None or not is_open:
        return Fix((Manual("ask-with-http", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *modules, *reload_steps(view.server)), Applicability.REVIEW)
