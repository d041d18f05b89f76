"""The application accepts the connection and the request and does not respond. nginx sends 504
after proxy_read_timeout (error.log: "upstream timed out (110: Connection timed out) while reading
response header from upstream").

An application that speaks FastCGI, uwsgi or SCGI is not asked again by itself: its connections open
at once, and nginx, which does the same for the visitor, gets no response from it.

A response that needs longer than this run waits looks the same. So the cause is certain only where
somebody waited as long as nginx does by default. Nor is it known whether such an application has
begun to answer: nginx holds a stream of events back until a buffer is full (fastcgi_buffering).
"""

from collections.abc import Iterator

from checks.http import target_websocket_opens
from checks.nginx import Nginx
from checks.upstream import CONSEQUENCES, backends
from checks.upstream._failed_applications import (
    FailedApplication,
    failed_application_claim,
    failed_applications,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.locations import LocationMatch

#: Seconds. nginx's default proxy_read_timeout, and that of the others.
DEFAULT_TIMEOUT = 60

#: The directive for each protocol that is not HTTP.
_GATEWAYS = {
    "fastcgi": "fastcgi_read_timeout",
    "uwsgi": "uwsgi_read_timeout",
    "scgi": "scgi_read_timeout",
}


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def timeout(evidence: Evidence) -> Iterator[Claim]:
    for application in failed_applications(evidence, {"timeout"}):
        waited = max(attempt.took for attempt in application.attempts)
        yield _claim(evidence, application, waited, "proxy_read_timeout")
    pages = () if target_websocket_opens(evidence) else page_exchanges(evidence)
    is_silent = pages and all(
        page.status == 504 or (page.failure is not None and page.failure.kind == "timeout")
        for page in pages
    )
    for application, directive in _gateways(evidence) if is_silent else ():
        waited = max(page.took for page in pages)
        yield _claim(evidence, application, waited, directive)


def _claim(evidence: Evidence, application: FailedApplication, waited: float, name: str) -> Claim:
    match, pages = application.location_match, page_exchanges(evidence)
    directive = match.directive(name) if match else None
    read_timeout = seconds(directive.args[0]) if directive and directive.args else None
    longest = max((waited, *(page.took for page in pages if page.status == 504)))
    pages_end = any(page.status == 504 for page in pages)
    facts = {
        "waited": waited,
        "patience": DEFAULT_TIMEOUT if read_timeout is None else read_timeout,
        "short": read_timeout is not None and read_timeout < DEFAULT_TIMEOUT,
        "directive": name,
        "asked": name == "proxy_read_timeout",
        "php": name == "fastcgi_read_timeout",
        "buffering": _buffering(match, name) if longest < DEFAULT_TIMEOUT and not pages_end else "",
    }
    return failed_application_claim(
        evidence, application, "look-at-the-application", facts, certain=longest >= DEFAULT_TIMEOUT
    )


def _buffering(match: LocationMatch | None, name: str) -> str:
    """Return the directive by which nginx may hold the response of a gateway back, "" for none."""
    directive = name.replace("_read_timeout", "_buffering")
    found = match.directive(directive) if match else None
    is_gateway = name in _GATEWAYS.values()
    return directive if is_gateway and (found is None or found.args[:1] != ("off",)) else ""


def _gateways(evidence: Evidence) -> Iterator[tuple[FailedApplication, str]]:
    """Yield the application of the page if it does not speak HTTP and all its servers accept
    connections, with the directive that limits how long nginx waits for it."""
    path = evidence.target.path
    for backend in backends(Nginx.of(evidence)):
        directive = _GATEWAYS.get(backend.proxy_target.scheme)
        if directive is None or path not in backend.paths or not backend.is_up:
            continue
        match = next(iter(backend.location_matches), None)
        yield (
            FailedApplication(
                tuple(dict.fromkeys(attempt.endpoint for attempt in backend.connect_attempts)),
                (path,),
                backend.connect_attempts,
                match,
                backend.proxy_target.directive,
            ),
            directive,
        )
