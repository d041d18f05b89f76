"""Checks of the layer `upstream`, and what they share: the applications that nginx proxies to with
the evidence about each, and applications that accept the connection and then fail."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.http import wants_tls
from diagnose.parsers.nginx import error_log, upstreams
from diagnose.parsers.nginx.edits import TextEdit, replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, proxy_pass_of
from diagnose.parsers.nginx.upstreams import Endpoint, ProxyTarget

#: The checks whose findings such an application causes.
CONSEQUENCES = (
    "http.server-error",
    "websocket.not-upgraded",
    "websocket.inner-proxy",
    "upstream.none-live",
)

_GATEWAY_ERRORS = {502, 504}

#: Changes to files, by path.
Changes: TypeAlias = dict[str, list[TextEdit]]


# Backends in the configuration


@frozen
class Backend:
    """Servers that nginx forwards to, with the evidence about them.

    `location_matches` forward there, and `paths` are the requested paths that they serve.
    `connect_attempts` only connected, `request_attempts` also sent a request.
    """

    proxy_target: ProxyTarget
    location_matches: tuple[LocationMatch, ...]
    proxy_targets: tuple[ProxyTarget, ...]
    paths: tuple[str, ...]
    connect_attempts: tuple[UpstreamTry, ...]
    request_attempts: tuple[UpstreamTry, ...]
    variants: tuple[UpstreamTalk, ...]

    @property
    def is_tried(self) -> bool:
        """Whether every server of the backend was tried."""
        endpoints = {str(endpoint) for endpoint in self.proxy_target.endpoints}
        return bool(self.connect_attempts) and endpoints.issubset(
            attempt.endpoint for attempt in self.connect_attempts
        )

    @property
    def is_down(self) -> bool:
        """Whether no server of the backend accepts connections. One that does is enough, because
        nginx tries the next server."""
        return self.is_tried and all(attempt.failure for attempt in self.connect_attempts)

    @property
    def is_up(self) -> bool:
        """Whether every server of the backend accepts connections."""
        return self.is_tried and not any(attempt.failure for attempt in self.connect_attempts)


def backends(nginx: Nginx) -> tuple[Backend, ...]:
    """Return the backends in the order of the configuration, first those that serve the requested
    paths.

    Proxy targets that name the same servers in other words are one backend.
    """
    groups: dict[tuple[str, ...], list[tuple[LocationMatch, ProxyTarget]]] = {}
    paths: dict[tuple[str, ...], list[str]] = {}
    variables, probed_paths = (
        upstreams.request_variables(nginx.evidence.target),
        _probed_paths(nginx.evidence),
    )
    for selection in nginx.selected_servers():
        for path in probed_paths:
            match = upstreams.final_location(selection.server, path)
            if proxy_target := upstreams.proxy_target_of(match, variables):
                groups.setdefault(_endpoint_key(proxy_target), []).append((match, proxy_target))
                paths.setdefault(_endpoint_key(proxy_target), []).append(path)
        for match in all_locations(selection.server):
            if proxy_target := upstreams.proxy_target_of(match, variables):
                groups.setdefault(_endpoint_key(proxy_target), []).append((match, proxy_target))
    return tuple(
        _backend(nginx.evidence, group, paths.get(key, ())) for key, group in groups.items()
    )


def _probed_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths that the user asked for, and the others that were tried at the front
    server."""
    target = evidence.target
    upgrade_paths = (upgrade.path for upgrade in evidence.of(Upgrade) if upgrade.through == "front")
    return tuple(dict.fromkeys((target.path, *target.websockets, *upgrade_paths)))


def _endpoint_key(proxy_target: ProxyTarget) -> tuple[str, ...]:
    return (proxy_target.scheme, *map(str, proxy_target.endpoints))


def _backend(
    evidence: Evidence, group: Sequence[tuple[LocationMatch, ProxyTarget]], paths: Sequence[str]
) -> Backend:
    pairs = list(
        {
            id(proxy_target.directive): (match, proxy_target) for match, proxy_target in group
        }.values()
    )
    targets = {proxy_target.target for _, proxy_target in pairs}
    attempts = [attempt for attempt in evidence.of(UpstreamTry) if attempt.target in targets]
    return Backend(
        proxy_target=pairs[0][1],
        location_matches=tuple(match for match, _ in pairs),
        proxy_targets=tuple(proxy_target for _, proxy_target in pairs),
        paths=tuple(dict.fromkeys(paths)),
        connect_attempts=tuple(attempt for attempt in attempts if not attempt.asked),
        request_attempts=tuple(attempt for attempt in attempts if attempt.asked),
        variants=tuple(
            variant for variant in evidence.of(UpstreamTalk) if variant.target in targets
        ),
    )


# Responses of the front server


def page_exchanges(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the front server's responses for the target's page."""
    port = evidence.target.port
    return tuple(
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "target" and exchange.port == port
    )


def front_failures(evidence: Evidence, paths: Collection[str]) -> tuple[Observation, ...]:
    """Return the front server's responses at these paths which show that the application behind it
    failed."""
    failures: list[Observation] = []
    if evidence.target.path in paths:
        failures += [
            exchange
            for exchange in page_exchanges(evidence)
            if _is_failed(exchange) or wants_tls(exchange)
        ]
    for upgrade in evidence.of(Upgrade):
        if upgrade.through == "front" and upgrade.variant == "normal" and upgrade.path in paths:
            failures += [upgrade] if _is_failed(upgrade) else []
    return tuple(failures)


def _is_failed(response: Exchange | Upgrade) -> bool:
    is_broken = response.failure is not None and response.failure.kind not in {
        "refused",
        "unreachable",
    }
    return response.status in _GATEWAY_ERRORS or is_broken


def is_served(evidence: Evidence, paths: Collection[str]) -> bool:
    """Return whether the page or the WebSocket works anyway."""
    if front_failures(evidence, paths):
        return False
    page = evidence.target.path in paths and any(
        exchange.status is not None and exchange.status < 500
        for exchange in page_exchanges(evidence)
    )
    upgrades = (
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.path in paths
    )
    return page or any(upgrade.accepted for upgrade in upgrades)


def path_severity(evidence: Evidence, paths: Collection[str]) -> Severity | None:
    """Return None (the check's own severity) if a requested path is affected and does not work,
    otherwise a note."""
    return None if paths and not is_served(evidence, paths) else Severity.NOTE


# Log lines


def backend_log_lines(
    nginx: Nginx, backend: Backend, pattern: str, errno: int | None = None
) -> tuple[LogLine, ...]:
    """Return the lines of nginx's error log about these paths, since nginx loaded its current
    configuration."""
    since = nginx.master.loaded if nginx.master and nginx.master.loaded else 0.0
    all_lines = nginx.evidence.of(LogLine)
    host = nginx.evidence.target.host
    return tuple(
        line
        for path in backend.paths
        for line in error_log.matching_lines(all_lines, host, path, None, errno, pattern, since)
    )


# Claims


def upstream_claim(
    nginx: Nginx,
    backend: Backend,
    facts: Mapping[str, object],
    fix: Fix,
    *,
    endpoints: Sequence[str] = (),
    because: Sequence[Observation] = (),
    confidence: Confidence = Confidence.CERTAIN,
    severity: Severity | None = None,
    ruled_out: tuple[str, ...] = (),
    reported_directive: Directive | None = None,
) -> Claim:
    """Make a claim about a backend's servers. It covers the paths that lead there."""
    endpoint_names = tuple(endpoints) or tuple(
        str(endpoint) for endpoint in backend.proxy_target.endpoints
    )
    directive, port = (
        reported_directive or backend.proxy_target.directive,
        nginx.evidence.target.port,
    )
    # Nobody requested the location's own pattern, but it shows which visitors are affected.
    paths = backend.paths or tuple(
        dict.fromkeys(attempt.path for attempt in backend.connect_attempts if attempt.path)
    )
    failures = front_failures(nginx.evidence, backend.paths)
    observations = (*because, *failures, *([nginx.config] if nginx.config else []))
    return Claim(
        about=Subject(text=", ".join(endpoint_names)),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=tuple(dict.fromkeys(observations)),
        facts={
            "application": endpoint_names,
            "target": backend.proxy_target.target,
            "place": file_line(directive),
            "directive": backend.proxy_target.directive.name,
            "paths": paths,
            "status": next(
                (status for failure in failures if (status := getattr(failure, "status", None))), ""
            ),
            **facts,
        },
        confidence=confidence,
        severity=severity or path_severity(nginx.evidence, backend.paths),
        ruled_out=ruled_out,
        location=nginx.location(directive),
        fix=fix,
    )


def replace_in_directives(
    nginx: Nginx, directives: Iterable[Directive], old: str, new: str, changes: Changes
) -> None:
    """Replace text once in each of these directives."""
    for directive in {id(directive): directive for directive in directives}.values():
        file = nginx.file(directive)
        text = file.text[directive.start : directive.stop] if file else ""
        if old in text:
            changes.setdefault(directive.file, []).append(
                replace_directive(directive, text.replace(old, new, 1))
            )


def switch_scheme(nginx: Nginx, backend: Backend, scheme: str, changes: Changes) -> None:
    """Change the scheme of a backend's proxy targets.

    The default port of the old scheme is written out. If that port is inside a variable, nothing is
    changed.
    """
    for proxy_target in backend.proxy_targets:
        old, new, endpoint = f"{proxy_target.scheme}://", f"{scheme}://", proxy_target.endpoints[0]
        implied = (
            not proxy_target.group
            and not endpoint.socket
            and f":{endpoint.port}" not in proxy_target.authority
        )
        if implied and not proxy_target.has_variables:
            old, new = (
                f"{old}{proxy_target.authority}",
                f"{new}{proxy_target.authority}:{endpoint.port}",
            )
        if not (implied and proxy_target.has_variables):
            replace_in_directives(nginx, [proxy_target.directive], old, new, changes)


def edit_fix(nginx: Nginx, changes: Changes, step: str, sure: bool = True) -> Fix:
    """Return a fix with these changes and an nginx reload, or a manual step if there are no
    changes."""
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual(step, Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
    sure = sure and len(file_edits) == 1
    return Fix(
        (*file_edits, *reload_steps(nginx)),
        Applicability.AUTOMATIC if sure else Applicability.REVIEW,
    )


# Applications that accept the connection and then fail. They were requested directly, as nginx
# does, after the front server had failed.


@frozen
class FailedApplication:
    """An application that did not respond: its endpoints, the paths, and the failed attempts.
    `location_match` is the location that forwards there."""

    endpoints: tuple[str, ...]
    paths: tuple[str, ...]
    attempts: tuple[UpstreamTry | Upgrade, ...]
    location_match: LocationMatch | None
    pass_directive: Directive | None


def failed_applications(evidence: Evidence, kinds: Collection[str]) -> Iterator[FailedApplication]:
    """Yield the applications whose attempts all failed with one of these kinds."""
    nginx = Nginx.of(evidence)
    groups: dict[tuple[str, ...], dict[str, list[UpstreamTry | Upgrade]]] = {}
    for path, attempts in _attempts(evidence).items():
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


def _attempts(evidence: Evidence) -> Mapping[str, list[UpstreamTry | Upgrade]]:
    attempts_by_path: dict[str, list[UpstreamTry | Upgrade]] = {}
    for attempt in evidence.of(UpstreamTry):
        if attempt.asked:
            attempts_by_path.setdefault(attempt.path, []).append(attempt)
    for upgrade in evidence.of(Upgrade):
        direct = upgrade.through == "application" and upgrade.variant == "normal"
        if direct and _is_front_broken(evidence, upgrade.path):
            attempts_by_path.setdefault(upgrade.path, []).append(upgrade)
    return attempts_by_path


def _is_front_broken(evidence: Evidence, path: str) -> bool:
    """Return whether the path's WebSocket fails at the front server as well."""
    front_upgrades = [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.path == path
    ]
    return any(upgrade.failure or upgrade.status in _GATEWAY_ERRORS for upgrade in front_upgrades)


def _endpoint_text(attempt: UpstreamTry | Upgrade) -> str:
    if isinstance(attempt, UpstreamTry):
        return attempt.endpoint
    socket = attempt.address.startswith("unix:")
    return attempt.address if socket else str(Endpoint(attempt.address, attempt.port))


def claim(
    evidence: Evidence, application: FailedApplication, step: str, facts: Mapping[str, object]
) -> Claim:
    nginx, port = Nginx.of(evidence), evidence.target.port
    attempts: tuple[Observation, ...] = application.attempts
    return Claim(
        about=Subject(text=", ".join(application.endpoints)),
        covers=tuple(Subject(port=port, path=path) for path in application.paths),
        because=(*attempts, *page_exchanges(evidence), *([nginx.config] if nginx.config else [])),
        facts={
            "application": application.endpoints,
            "paths": application.paths,
            "target": application.pass_directive.args[0] if application.pass_directive else "",
            "place": file_line(application.pass_directive) if application.pass_directive else "",
            "status": next(
                (exchange.status for exchange in page_exchanges(evidence) if exchange.status), None
            )
            or "",
            **facts,
        },
        confidence=Confidence.CERTAIN
        if any(exchange.status for exchange in page_exchanges(evidence))
        else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(application.pass_directive) if application.pass_directive else None,
        fix=Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL),
    )
