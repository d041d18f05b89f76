"""HAProxy refuses the application's response, because it is not valid HTTP, and answers 502: its
statistics keep the last such response ("show errors", Management Guide, section 9.3; the log says
"PH"). curl and browsers often take it, so that the application seems to work when it is asked
directly. A server that speaks HTTP/2 alone, as those of gRPC do, begins with a SETTINGS frame (RFC
9113 section 3.4): HAProxy speaks HTTP/1.1 to it without `proto h2`."""

import re
from collections.abc import Iterator

from checks.server._haproxy import haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.haproxy import HaproxyStatus
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig

#: The head of a SETTINGS frame on stream 0 (RFC 9113 sections 4.1 and 6.5), as "show errors" writes
#: it. Its length is no more than 255.
_SETTINGS = re.compile(
    r"(?:\\x00){2}(?:\\x[0-9a-f]{2}|\\[trn]|[^\\])\\x04(?:\\x00){5}", re.IGNORECASE
)


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
        is_http2 = _SETTINGS.match(invalid.line) is not None
        yield Claim(
            about=Subject(port=port, text=backend.name),
            covers=(Subject(port=port),),
            because=(haproxy.status, *pages),
            facts={
                **haproxy.view.facts,
                "backend": backend.name,
                "application": invalid.server,
                "line": "" if is_http2 else invalid.line,
                "http2": is_http2,
            },
            ruled_out=("server.application-down",),
            fix=Fix(
                (
                    Manual("speak-http2", Where.SERVER)
                    if is_http2
                    else Manual("mend-the-response", Where.APPLICATION),
                ),
                Applicability.MANUAL,
            ),
        )
