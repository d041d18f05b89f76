"""localhost has two addresses, ::1 and 127.0.0.1, and the application listens on one of them only.

nginx uses them in turn: a request to ::1 is refused and goes to the other. But if the other is
marked as failed (ngx_http_upstream_module, max_fails) or may not be tried (proxy_next_upstream
off), visitors get 502. Until then it is a note: it is true of many sites, and what else fails there
has another cause.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._page_errors import is_in_run
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix, replace_in_directives
from checks.upstream._responses import front_failures
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.server import Interface
from diagnose.parsers.nginx.upstreams import Endpoint

#: nginx's messages when a server refuses, and when every server is marked as failed
#: (ngx_http_upstream.c).
_NOT_CONNECTED = r"connect\(\) failed|no live upstreams"

#: Seconds for which nginx does not use a server that failed, and one as the log has whole seconds.
_FAIL_TIMEOUT = 11.0


@check(severity=Severity.NOTE, needs=[UpstreamTry, NginxConfig], explains=CONSEQUENCES)
def ipv6_localhost(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        log_lines = backend_log_lines(nginx, backend, r"connect\(\) failed", 111)
        proof = tuple(line for line in log_lines if "://[::1]:" in line.upstream)
        endpoints = [
            endpoint
            for endpoint in backend.proxy_target.endpoints
            if _is_ipv6_refused(backend, endpoint)
        ]
        if not endpoints or not (proof or _has_ipv6(evidence)):
            continue
        is_failing = _is_failing(nginx, backend)
        directives = [
            endpoint.directive
            for proxy_target in backend.proxy_targets
            for endpoint in proxy_target.endpoints
            if endpoint.directive
        ]
        changes: Changes = {}
        replace_in_directives(nginx, directives, "localhost", "127.0.0.1", changes)
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {"broken": is_failing, "port": endpoints[0].port},
                because=(*backend.connect_attempts, *proof),
                endpoints=tuple(str(endpoint) for endpoint in endpoints),
                confidence=Confidence.CERTAIN if proof else Confidence.LIKELY,
                severity=Severity.ERROR if is_failing else Severity.NOTE,
                ruled_out=("upstream.refused",),
                directive=endpoints[0].directive,
            ),
            edit_fix(nginx, changes, "write-the-address"),
        )


def _is_ipv6_refused(backend: Backend, endpoint: Endpoint) -> bool:
    """Return whether the connection is refused at ::1 and accepted at 127.0.0.1."""
    attempts = [
        attempt for attempt in backend.connect_attempts if attempt.endpoint == str(endpoint)
    ]
    ipv6_failures = [attempt.failure for attempt in attempts if attempt.address == "::1"]
    ipv6_refused = any(
        failure is not None and failure.kind == "refused" for failure in ipv6_failures
    )
    ipv4_open = any(attempt.address == "127.0.0.1" and not attempt.failure for attempt in attempts)
    return ipv6_refused and ipv4_open and endpoint.host.lower() == "localhost"


def _has_ipv6(evidence: Evidence) -> bool:
    """Return whether nginx gets ::1 for localhost: the resolver returns only families of which the
    machine has an address besides loopback (getaddrinfo(3), AI_ADDRCONFIG)."""
    addresses = [address for interface in evidence.of(Interface) for address in interface.addresses]
    return not addresses or any(":" in address and address != "::1" for address in addresses)


def _is_failing(nginx: Nginx, backend: Backend) -> bool:
    """Return whether visitors get an error at one of the paths because ::1 refuses."""
    # Where nginx's own protocol fails at 127.0.0.1 too, the refusal at ::1 is not the reason.
    variants = (variant for variant in backend.variants if variant.as_nginx)
    if any(attempt.failure for attempt in (*backend.request_attempts, *variants)):
        return False
    lines = [
        line for line in backend_log_lines(nginx, backend, "") if is_in_run(nginx.evidence, line)
    ]
    return not _was_just_down(nginx, backend, lines) and any(
        _has_failed(nginx.evidence, path) and _is_not_connected(lines, path)
        for path in backend.paths
    )


def _was_just_down(nginx: Nginx, backend: Backend, lines: list[LogLine]) -> bool:
    """Return whether nginx found no server left because 127.0.0.1 refused too, a moment before: the
    application was started just now, and nginx asks it again after fail_timeout."""
    refusals = [
        line.when
        for line in backend_log_lines(nginx, backend, r"connect\(\) failed", 111)
        if "://127.0.0.1:" in line.upstream and not is_in_run(nginx.evidence, line)
    ]
    last = max(refusals, default=None)
    return last is not None and any(
        line.text.startswith("no live upstreams") and line.when - last <= _FAIL_TIMEOUT
        for line in lines
    )


def _has_failed(evidence: Evidence, path: str) -> bool:
    """Return whether visitors got an error at a path. nginx writes a line for each refusal at ::1,
    also where it gets the answer at 127.0.0.1 then."""
    return any(
        not isinstance(failure, LogLine) or "://[::1]:" not in failure.upstream
        for failure in front_failures(evidence, (path,))
    )


def _is_not_connected(lines: list[LogLine], path: str) -> bool:
    """Return whether nginx says of this run's requests for a path only that no server took them;
    True without any line, because its log may not have that level."""
    own = [line for line in lines if line.path == path.partition("?")[0]]
    is_told = bool(own) or not lines
    return is_told and all(re.match(_NOT_CONNECTED, line.text) for line in own)
