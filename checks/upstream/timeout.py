"""The application accepts the connection and the request and does not respond. nginx sends 504
after proxy_read_timeout (error.log: "upstream timed out (110: Connection timed out) while reading
response header from upstream").

An application that speaks FastCGI, uwsgi or SCGI is not asked again by itself: its connections open
at once, and nginx, which does the same for the visitor, gets no response from it.

A response that needs longer than this run waits looks the same. It is a fault where nginx gave up:
it sent 504, or its log says so. Where it would wait longer than this run did, it is a note. Nor is
it known whether such an application has begun to answer: nginx holds a stream of events back until
a buffer is full (fastcgi_buffering).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from checks.http import target_websocket_opens
from checks.http._response_limits import is_silent, is_unawaited, limit_facts
from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._location_edits import setting_edits
from checks.nginx._page_errors import logged_errors
from checks.upstream import CONSEQUENCES, backends
from checks.upstream._failed_applications import (
    FailedApplication,
    closed_late,
    failed_application_claim,
    failed_applications,
)
from checks.upstream._gateways import DEFAULT_TIMEOUT, read_timeout_of
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Manual, Severity
from diagnose.model.http import Upgrade, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.locations import LocationMatch

#: Seconds. What is written where the time was too short (a guess: the application's time is not
#: known).
_LONGER = 300
_GAVE_UP = r"upstream timed out .* while reading (?:response header|upstream)"

#: The protocols that are not HTTP.
_GATEWAYS = frozenset({"fastcgi", "uwsgi", "scgi"})


@check(severity=Severity.ERROR, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def timeout(evidence: Evidence) -> Iterator[Claim]:
    is_closed = closed_late(evidence)
    for application in failed_applications(evidence, {"timeout"}):
        if is_closed and evidence.target.path in application.paths:
            continue
        waited = max(attempt.took for attempt in application.attempts)
        yield _claim(evidence, application, waited, "proxy")
    pages = () if target_websocket_opens(evidence) else page_exchanges(evidence)
    is_late = pages and all(page.status == 504 or is_silent(page) for page in pages)
    for application, gateway in _gateways(evidence) if is_late else ():
        waited = max(page.took for page in pages)
        yield _claim(evidence, application, waited, gateway)


def _claim(
    evidence: Evidence, application: FailedApplication, waited: float, gateway: str
) -> Claim:
    match, pages = application.location_match, page_exchanges(evidence)
    limit = read_timeout_of(match, gateway)
    longest = max((waited, *(page.took for page in pages if page.status == 504)))
    ended = _is_ended(evidence, application.paths)
    lines = _lines(evidence, application.paths)
    is_open = not ended and not lines and is_unawaited(evidence, pages) and _is_page(application)
    facts = {
        "waited": waited,
        "patience": limit.patience,
        "short": limit.patience < DEFAULT_TIMEOUT,
        "directive": limit.name,
        "asked": gateway == "proxy",
        "php": gateway == "fastcgi",
        "buffering": _buffering(match, gateway)
        if longest < DEFAULT_TIMEOUT and not (ended or lines)
        else "",
        "open": is_open,
        "gave_up": ended or bool(lines),
        "logged": lines[-1].text if lines else "",
        "when": lines[-1].written if lines else "",
        "longer": int(max(_LONGER, 2 * limit.patience)),
        "set": limit.text,
        "set_place": file_line(limit.directive) if limit.directive else "",
        **(limit_facts(evidence) if is_open else {}),
    }
    step = "wait-longer" if is_open else "raise-the-limit" if lines else "look-at-the-application"
    claim = failed_application_claim(
        evidence, application, step, facts, certain=bool(lines) or longest >= DEFAULT_TIMEOUT
    )
    is_certain = bool(lines) and bool(pages)
    return replace(
        claim,
        because=(*claim.because, *lines[-1:]),
        severity=Severity.NOTE if is_open else None,
        confidence=Confidence.CERTAIN if is_certain else claim.confidence,
        fix=_with_edit(evidence, claim.fix, match, {limit.name: f"{facts['longer']}s"})
        if step == "raise-the-limit"
        else claim.fix,
    )


def _with_edit(
    evidence: Evidence, fix: Fix | None, match: LocationMatch | None, values: Mapping[str, str]
) -> Fix | None:
    """Return the fix with the edit of the limit beside its words: whether the application is slow
    or hangs, a person sees."""
    nginx = Nginx.of(evidence)
    typed = chosen_edits(nginx, setting_edits(nginx, match, values) if match else ())
    if fix is None:
        return fix
    steps = tuple(
        replace(step, commands=typed) if isinstance(step, Manual) else step for step in fix.steps
    )
    return replace(fix, steps=steps)


def _is_ended(evidence: Evidence, paths: Collection[str]) -> bool:
    """Return whether nginx gave up in this run: it sent 504 for the page."""
    is_target = evidence.target.path in paths
    return is_target and any(page.status == 504 for page in page_exchanges(evidence))


def _lines(evidence: Evidence, paths: Collection[str]) -> tuple[LogLine, ...]:
    """Return the lines in nginx's log by which it gave up waiting for a response at these paths."""
    return tuple(line for path in paths for line, _ in logged_errors(evidence, _GAVE_UP, path))


def _is_page(application: FailedApplication) -> bool:
    """Return whether pages were asked for, and not only WebSockets, which open at once."""
    return not any(isinstance(attempt, Upgrade) for attempt in application.attempts)


def _buffering(match: LocationMatch | None, gateway: str) -> str:
    """Return the directive by which nginx may hold the response of a gateway back, "" for none."""
    name = f"{gateway}_buffering"
    directive = match.directive(name) if match else None
    is_on = directive is None or directive.args[:1] != ("off",)
    return name if gateway in _GATEWAYS and is_on else ""


def _gateways(evidence: Evidence) -> Iterator[tuple[FailedApplication, str]]:
    """Yield the application of the page if it does not speak HTTP and all its servers accept
    connections, with the prefix of its directives."""
    path = evidence.target.path
    for backend in backends(Nginx.of(evidence)):
        gateway = backend.proxy_target.scheme
        if gateway not in _GATEWAYS or path not in backend.paths or not backend.is_up:
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
            gateway,
        )
