"""The front server's responses at the paths of a backend: whether they show its failure."""

from collections.abc import Collection

from checks.nginx._failed_requests import current_failures, repeated_exchange
from checks.nginx._page_errors import is_in_run, logged_errors
from diagnose.model import Evidence, Observation, Severity
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.parsers.http import wants_tls
from diagnose.parsers.redirects import end_page, end_path

#: A gateway got no valid response (RFC 9110 sections 15.6.3 and 15.6.5).
GATEWAY_ERRORS = {502, 504}

#: How much more than the size that people tell a limit may be.
_ROUND = 1.1

#: nginx's messages when an application gave no response at all (ngx_http_upstream.c).
NO_RESPONSE = (
    r"connect\(\) (?:to \S+ )?failed|no live upstreams|upstream timed out"
    r"|upstream prematurely closed connection while reading response header"
)


def asks_about_size(evidence: Evidence) -> bool:
    """Return whether a pasted message says that an upload is too large (413), or that it fails."""
    symptom = evidence.target.symptom
    return symptom is not None and (
        symptom.kind in {"body-size", "upload"}
        or (symptom.kind == "status" and symptom.number == 413)
    )


def may_be_reported_limit(evidence: Evidence, limit: int, enough: int) -> bool:
    """Return whether a limit in bytes may be the one that a message is about: not more than the
    size from which on it says that files fail, or, if it names none, than what is enough."""
    from diagnose.parsers.reported_sizes import reported_size

    symptom = evidence.target.symptom
    size = reported_size(symptom.text) if symptom and asks_about_size(evidence) else 0
    # 1 MB may be a million bytes, or 1048576.
    return 0 < limit <= size * _ROUND if size else 0 < limit < enough


def front_failures(evidence: Evidence, paths: Collection[str]) -> tuple[Observation, ...]:
    """Return the front server's responses at these paths which show that the application behind it
    failed, those in its log included."""
    failures: list[Observation] = [page for page in _end_pages(evidence, paths) if _is_failed(page)]
    if evidence.target.path in paths:
        failures += [
            exchange
            for exchange in page_exchanges(evidence)
            if _is_failed(exchange) or wants_tls(exchange)
        ]
    for upgrade in evidence.of(Upgrade):
        if upgrade.is_visit and upgrade.path in paths:
            failures += [upgrade] if _is_failed(upgrade) else []
    for failure in current_failures(evidence, GATEWAY_ERRORS):
        if failure.path in paths:
            failures.append(repeated_exchange(evidence, failure) or failure)
    failures += [line for line in unanswered_lines(evidence) if line.path in paths]
    return tuple(failures)


def fails_in_run(evidence: Evidence, paths: Collection[str]) -> bool:
    """Return whether a request of this run's own failed there. What only the logs have may be over:
    somebody may have mended it since."""
    return any(
        isinstance(failure, Exchange | Upgrade) for failure in front_failures(evidence, paths)
    )


def unanswered_lines(evidence: Evidence) -> tuple[LogLine, ...]:
    """Return what nginx's error log has of other paths than the page's, which an application did
    not answer before this run began."""
    page_paths = {evidence.target.path_without_query, end_path(evidence)}
    return tuple(
        line
        for line, _ in logged_errors(evidence, NO_RESPONSE)
        if line.path not in page_paths and not is_in_run(evidence, line)
    )


def _end_pages(evidence: Evidence, paths: Collection[str]) -> tuple[Exchange, ...]:
    """Return the page to which the target redirects, if it is at one of these paths."""
    end = end_page(evidence)
    return (end,) if end and end_path(evidence) in paths else ()


def _is_failed(response: Exchange | Upgrade) -> bool:
    is_broken = response.failure is not None and response.failure.kind not in {
        "refused",
        "unreachable",
    }
    return response.status in GATEWAY_ERRORS or is_broken


def is_served(evidence: Evidence, paths: Collection[str]) -> bool:
    """Return whether the page or the WebSocket works anyway."""
    if front_failures(evidence, paths):
        return False
    pages = page_exchanges(evidence) if evidence.target.path in paths else ()
    page = any(
        exchange.status is not None and exchange.status < 500
        for exchange in (*pages, *_end_pages(evidence, paths))
    )
    return page or any(
        upgrade.opens_path and upgrade.path in paths for upgrade in evidence.of(Upgrade)
    )


def path_severity(evidence: Evidence, paths: Collection[str]) -> Severity | None:
    """Return None (the check's own severity) if a requested path is affected and does not work,
    otherwise a note."""
    return None if paths and not is_served(evidence, paths) else Severity.NOTE
