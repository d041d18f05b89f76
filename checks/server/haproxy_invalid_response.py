"""HAProxy refuses the application's response, because it is not valid HTTP, and answers 502: its
statistics keep the last such response ("show errors", Management Guide, section 9.3; the log says
"PH"). curl and browsers often take it, so that the application seems to work when it is asked
directly."""

from collections.abc import Iterator

from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyStatus, Exchange],
    explains=["server.application-answers", "server.application-silent", "http.server-error"],
)
def haproxy_invalid_response(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    backend = haproxy.proxies.backend if haproxy else None
    invalid = haproxy.status.invalid if haproxy and haproxy.status else None
    if haproxy is None or backend is None or invalid is None or invalid.backend != backend.name:
        return
    pages = [page for page in page_exchanges(evidence) if page.status == 502]
    if pages and haproxy.status:
        yield Claim(
            about=Subject(port=port, text=backend.name),
            covers=(Subject(port=port),),
            because=(haproxy.status, *pages),
            facts={
                **haproxy.view.facts,
                "backend": backend.name,
                "application": invalid.server,
                "line": invalid.line,
            },
            ruled_out=("server.application-down",),
            fix=Fix((Manual("mend-the-response", Where.APPLICATION),), Applicability.MANUAL),
        )
