"""Checks of the layer `upstream`, and what they share: the applications that nginx proxies to, with
the evidence about each."""

from collections.abc import Sequence

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import UpstreamTry
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import error_log, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, all_locations
from diagnose.parsers.nginx.upstreams import ProxyTarget
from diagnose.parsers.redirects import end_path

#: The checks whose findings such an application causes.
CONSEQUENCES = (
    "http.server-error",
    "http.redirect-to-error",
    "websocket.not-upgraded",
    "websocket.inner-proxy",
    "upstream.none-live",
    "upstream.application-log",
    "nginx.other-requests-failed",
)


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

    Proxy targets that name the same servers in other words are one backend. A configuration that
    nginx refuses passes nothing on.
    """
    if nginx.is_refused:
        return ()
    # Imported late: without nginx's configuration there is nothing to select.
    from diagnose.parsers.nginx.final_requests import final_location

    groups: dict[tuple[str, ...], list[tuple[LocationMatch, ProxyTarget]]] = {}
    paths: dict[tuple[str, ...], list[str]] = {}
    variables = upstreams.request_variables(nginx.evidence.target)
    probed_paths = _probed_paths(nginx.evidence)
    for selection in nginx.answering_servers():
        for path in probed_paths:
            match = final_location(selection.server, path)
            of_path = upstreams.route_variables(nginx.evidence.target, match, path)
            if proxy_target := upstreams.proxy_target_of(match, of_path):
                groups.setdefault(_endpoint_key(proxy_target), []).append((match, proxy_target))
                paths.setdefault(_endpoint_key(proxy_target), []).append(path)
        for match in all_locations(selection.server):
            if proxy_target := upstreams.proxy_target_of(match, variables):
                groups.setdefault(_endpoint_key(proxy_target), []).append((match, proxy_target))
    return tuple(
        _backend(nginx.evidence, group, paths.get(key, ())) for key, group in groups.items()
    )


def _probed_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths that the user asked for, the others that were tried at the front server (of
    the page to which the target redirects, and of WebSockets), and those that failed for
    visitors."""
    # Imported late: a healthy site has no such line.
    from checks.upstream._responses import unanswered_lines

    target = evidence.target
    upgrade_paths = (upgrade.path for upgrade in evidence.of(Upgrade) if upgrade.through == "front")
    failed_paths = (failure.path for failure in evidence.good(FailedRequests))
    logged_paths = (line.path for line in unanswered_lines(evidence))
    paths = (
        target.path, *target.websockets, end_path(evidence), *upgrade_paths, *failed_paths,
        *logged_paths,
    )  # fmt: skip
    return tuple(dict.fromkeys(paths))


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
    # Locations may name different servers by the same variables.
    servers = {
        (endpoint.host, endpoint.port, endpoint.socket)
        for _, proxy_target in pairs
        for endpoint in proxy_target.endpoints
    }
    attempts = [
        attempt
        for attempt in evidence.of(UpstreamTry)
        if attempt.target in targets
        if "$" not in attempt.target or (attempt.host, attempt.port, attempt.socket) in servers
    ]
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


def backend_log_lines(
    nginx: Nginx, backend: Backend, pattern: str, errno: int | None = None
) -> tuple[LogLine, ...]:
    """Return the lines of nginx's error log about these paths, since nginx loaded its current
    configuration. The log has whole seconds."""
    since = int(nginx.master.loaded) if nginx.master and nginx.master.loaded else 0
    all_lines = nginx.evidence.of(LogLine)
    host = nginx.evidence.target.host
    return tuple(
        line
        for path in backend.paths
        for line in error_log.matching_lines(
            all_lines, host=host, path=path, errno=errno, pattern=pattern, since=since
        )
    )
