"""Applications that accept the connection and then fail. They were requested directly, as nginx
does, after the front server had failed."""

from collections.abc import Collection, Iterator, Mapping

from checks.http import target_websocket_opens
from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import page_error
from checks.upstream._responses import GATEWAY_ERRORS
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade, page_exchanges
from diagnose.model.nginx import Directive, UpstreamTry
from diagnose.model.program_logs import ProgramLine
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.upstreams import Endpoint

#: What nginx logs where an application closes the connection before it answers. Of its own time-out
#: it writes "upstream timed out".
CLOSED = (
    r"(?:upstream prematurely closed connection|recv\(\) failed \(104: [^)]*\))"
    r" while reading response header"
)


@frozen
class FailedApplication:
    """An application that did not respond: its endpoints, the paths, and the failed attempts.
    `location_match` is the location that forwards there."""

    endpoints: tuple[str, ...]
    paths: tuple[str, ...]
    attempts: tuple[UpstreamTry | Upgrade, ...]
    location_match: LocationMatch | None
    pass_directive: Directive | None


def failed_applications(
    evidence: Evidence, kinds: Collection[str], connected: bool = True
) -> Iterator[FailedApplication]:
    """Yield the applications whose attempts all failed with one of these kinds. Without
    `connected`, those of the page count that did not even connect."""
    nginx = Nginx.of(evidence)
    groups: dict[tuple[str, ...], dict[str, list[UpstreamTry | Upgrade]]] = {}
    attempts_of_paths = _attempts(evidence) if connected else _page_connections(evidence)
    opens = target_websocket_opens(evidence)
    for path, attempts in attempts_of_paths.items():
        if (opens and path == evidence.target.path) or _opens_directly(evidence, path):
            continue
        failures = [attempt.failure.kind if attempt.failure else "" for attempt in attempts]
        # One server that responds is enough, because nginx tries the next one.
        if all(kind in kinds for kind in failures):
            endpoints = tuple(dict.fromkeys(_endpoint_text(attempt) for attempt in attempts))
            groups.setdefault(endpoints, {})[path] = attempts
    for endpoints, attempts_by_path in groups.items():
        path = next(iter(attempts_by_path))
        match = next(
            (candidate for candidate in nginx.location_matches(path) if proxy_pass_of(candidate)),
            None,
        )
        all_attempts = tuple(
            attempt for attempts in attempts_by_path.values() for attempt in attempts
        )
        yield FailedApplication(
            endpoints,
            tuple(attempts_by_path),
            all_attempts,
            match,
            proxy_pass_of(match) if match else None,
        )


def closed_late(evidence: Evidence) -> bool:
    """Return whether the application closed the connection of this run's request for the page
    later than this run waited for it where it was asked directly."""
    error = page_error(evidence, CLOSED, {502})
    attempts = _attempts(evidence).get(evidence.target.path, []) if error else []
    kinds = {attempt.failure.kind if attempt.failure else "" for attempt in attempts}
    return error is not None and error.in_run and kinds == {"timeout"}


def _opens_directly(evidence: Evidence, path: str) -> bool:
    """Return whether the application opens a WebSocket at a path, or does so for its subprotocol:
    that it closes any other connection there is no fault of its own."""
    return any(
        upgrade.accepted and upgrade.path == path
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "application" or upgrade.variant == "subprotocol"
    )


def _page_connections(evidence: Evidence) -> Mapping[str, list[UpstreamTry | Upgrade]]:
    path = evidence.target.path
    attempts = [attempt for attempt in evidence.of(UpstreamTry) if attempt.path == path]
    return {path: [*attempts]} if attempts else {}


def _attempts(evidence: Evidence) -> Mapping[str, list[UpstreamTry | Upgrade]]:
    attempts_by_path: dict[str, list[UpstreamTry | Upgrade]] = {}
    for attempt in evidence.of(UpstreamTry):
        if attempt.asked or _is_reset_at_once(evidence, attempt):
            attempts_by_path.setdefault(attempt.path, []).append(attempt)
    for upgrade in evidence.of(Upgrade):
        direct = upgrade.through == "application" and upgrade.variant == "normal"
        if direct and _is_front_broken(evidence, upgrade.path):
            attempts_by_path.setdefault(upgrade.path, []).append(upgrade)
    return attempts_by_path


def _is_reset_at_once(evidence: Evidence, attempt: UpstreamTry) -> bool:
    """Return whether a connection to the page's application was accepted and ended before a request
    was sent, as by Docker's proxy for a port on which nothing listens in the container."""
    is_ended = attempt.failure is not None and attempt.failure.kind in {"reset", "closed"}
    is_page = attempt.path == evidence.target.path
    statuses = {page.status for page in page_exchanges(evidence)}
    return is_ended and is_page and bool(statuses & GATEWAY_ERRORS)


def _is_front_broken(evidence: Evidence, path: str) -> bool:
    """Return whether the path's WebSocket fails at the front server as well."""
    front_upgrades = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.path == path
    ]
    return any(upgrade.failure or upgrade.status in GATEWAY_ERRORS for upgrade in front_upgrades)


def _endpoint_text(attempt: UpstreamTry | Upgrade) -> str:
    if isinstance(attempt, UpstreamTry):
        return attempt.endpoint
    socket = attempt.address.startswith("unix:")
    return attempt.address if socket else str(Endpoint(attempt.address, attempt.port))


def failed_application_claim(
    evidence: Evidence,
    application: FailedApplication,
    step: str,
    facts: Mapping[str, object],
    certain: bool = True,
) -> Claim:
    """Make a claim about an application. It covers the paths that the application serves. Unless
    `certain`, another cause is not excluded."""
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    directive = application.pass_directive
    status = next((exchange.status for exchange in pages if exchange.status), None)
    return Claim(
        about=Subject(text=", ".join(application.endpoints)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in application.paths),
        because=(*application.attempts, *pages, *nginx.configs),
        facts={
            "application": application.endpoints,
            "paths": application.paths,
            "target": directive.args[0] if directive else "",
            "place": file_line(directive) if directive else "",
            "status": status or "",
            **log_facts(evidence, application.endpoints),
            **facts,
        },
        confidence=Confidence.CERTAIN if status and certain else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(directive) if directive else None,
        fix=Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL),
    )


def log_facts(evidence: Evidence, endpoints: Collection[str]) -> Mapping[str, object]:
    """Return what an application at one of these endpoints wrote in the time of this run, if that
    is an error, and the command that shows its log."""
    for line in evidence.good(ProgramLine):
        is_error = line.message and line.weight > 1
        if is_error and any(_is_at(line.endpoint, endpoint) for endpoint in endpoints):
            return {"line": line.message, "log": line.equivalent}
    return {"line": "", "log": ""}


def _is_at(place: str, endpoint: str) -> bool:
    """Return whether a port or a socket is that of "127.0.0.1:3000" or "unix:/run/x"."""
    return place == endpoint.removeprefix("unix:") or place == endpoint.rpartition(":")[2]
