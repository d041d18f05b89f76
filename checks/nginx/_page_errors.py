"""What nginx logged about the target's own page, and the visitors' responses it explains.

A status below 500 is no fault by itself: a root that responds 404 may be healthy. It becomes one if
nginx's error log names an error for exactly this request.
"""

import re
from collections.abc import Collection, Mapping

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.nginx import error_log
from diagnose.parsers.redirects import end_page, end_path

Response = Exchange | Upgrade | PageFileResponse


@frozen
class PageError:
    """An error in nginx's log about the target's page, and the responses that visitors get.

    `match` is the match of the pattern in the line's message. `in_run` is True if the line was
    written during this run, so that our own request caused it.
    """

    line: LogLine
    match: re.Match[str]
    exchanges: tuple[Response, ...]
    in_run: bool

    @property
    def confidence(self) -> Confidence:
        return Confidence.CERTAIN if self.in_run else Confidence.LIKELY

    @property
    def because(self) -> tuple[Observation, ...]:
        return (self.line, *self.exchanges)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The endpoints that respond, and port 80 of the same addresses."""
        endpoints = endpoint_subjects(self.exchanges)
        plain = (Subject(address=endpoint.address, port=80) for endpoint in endpoints)
        return tuple(dict.fromkeys((*endpoints, *plain)))

    @property
    def facts(self) -> dict[str, object]:
        """The facts that all texts about page errors use."""
        first = self.exchanges[0]
        return {
            "url": first.url,
            "status": first.status,
            "message": self.line.text,
            "log": self.line.file,
            "when": self.line.written,
        }


def page_error(
    evidence: Evidence, pattern: str | re.Pattern[str], statuses: Collection[int]
) -> PageError | None:
    """Return the last error about the target's page whose message begins with `pattern`, if
    visitors get one of these statuses; otherwise None. Where the page redirects to another one of
    the same site, that one counts too.
    """
    end = end_page(evidence)
    exchanges = tuple(
        exchange
        for exchange in evidence.good(Exchange)
        if (exchange.purpose == "target" or exchange is end) and exchange.status in statuses
    )
    if not exchanges:
        return None
    matches = logged_errors(evidence, pattern, _path_of(evidence, exchanges))
    if not matches:
        return None
    line, match = matches[-1]
    return PageError(line, match, exchanges, is_in_run(evidence, line))


def _path_of(evidence: Evidence, exchanges: Collection[Exchange]) -> str:
    """Return the path of the first of these pages."""
    is_own = any(exchange.purpose == "target" for exchange in exchanges)
    return evidence.target.path if is_own else end_path(evidence)


def path_error(
    evidence: Evidence,
    pattern: str | re.Pattern[str],
    path: str,
    responses: tuple[Response, ...],
) -> PageError | None:
    """Return the last error about another path than the page's that this run's requests caused."""
    matches = [
        (line, match)
        for line, match in logged_errors(evidence, pattern, path)
        if is_in_run(evidence, line)
    ]
    return PageError(*matches[-1], responses, True) if matches else None


def logged_errors(
    evidence: Evidence, pattern: str | re.Pattern[str], path: str | None = None
) -> list[tuple[LogLine, re.Match[str]]]:
    """Return the lines about the target whose message begins with `pattern`, oldest first, each
    with its match. None stands for all paths.

    A line that is older than the configuration in use is about an earlier problem.
    """
    master = Nginx.of(evidence).master
    lines = error_log.matching_lines(
        evidence.of(LogLine),
        host=evidence.target.host,
        path=path,
        since=int(master.loaded or 0.0) if master else 0.0,
    )
    matches = [(line, match) for line in lines if (match := re.match(pattern, line.text))]
    return sorted(matches, key=lambda pair: pair[0].when)


def page_claim(
    nginx: Nginx,
    error: PageError,
    facts: Mapping[str, object],
    step: str,
    directive: Directive | None,
    sockets: tuple[Subject, ...] = (),
) -> Claim:
    """Make a claim about a page error, which a person mends by `step`.

    `directive` is what nginx's configuration says about it, `sockets` are the WebSocket paths that
    fail with the page.
    """
    return Claim(
        about=error.subjects[0],
        covers=(*error.subjects, *sockets),
        because=(*error.because, *((nginx.config,) if nginx.config else ())),
        facts={**error.facts, "place": file_line(directive) if directive else "", **facts},
        confidence=error.confidence,
        location=nginx.location(directive) if directive else None,
        fix=Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )


def is_in_run(evidence: Evidence, line: LogLine) -> bool:
    """Return whether a line was written since this run began, by the server's clock.

    The log has whole seconds.
    """
    starts = [log.until - log.at for log in evidence.of(ErrorLog) if log.file == line.file]
    return bool(starts) and line.when >= int(min(starts))


def failed_sockets(evidence: Evidence, statuses: Collection[int]) -> tuple[Subject, ...]:
    """Return the WebSocket paths that respond to visitors with one of these statuses."""
    return tuple(
        Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.status in statuses
    )


def page_directive(nginx: Nginx, name: str, path: str | None = None) -> Directive | None:
    """Return the directive of this name in force for a path; if None, for the path of the page that
    visitors get, where the target's redirects lead."""
    for location_match in nginx.location_matches(path or end_path(nginx.evidence)):
        if directive := location_match.directive(name):
            return directive
    return None
