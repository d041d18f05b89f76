"""The WebSocket's location uses a gateway protocol in which the response ends the request. FastCGI,
gRPC and memcached cannot hand a connection over. uwsgi and SCGI can (nginx accepts a 101 from
both), but only for a program that takes over the connection itself, such as uWSGI's own WebSocket
functions; a WSGI application cannot (PEP 3333)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._websockets import WebSocketHandshakes
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch

#: The gateways: their names, and whether a connection can never be taken over.
_GATEWAYS = {
    "fastcgi_pass": ("FastCGI", True),
    "grpc_pass": ("gRPC", True),
    "memcached_pass": ("memcached", True),
    "uwsgi_pass": ("uwsgi", False),
    "scgi_pass": ("SCGI", False),
}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        # Even if that is fixed first, the application still cannot open a WebSocket.
        "upstream.refused",
        "upstream.socket-unreachable",
    ],
)
def unsupported_gateway(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, tuple[LocationMatch, Directive, list[str]]] = {}
    for path in evidence.target.websockets:
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        for match in nginx.location_matches(path):
            pass_directive = _gateway(match)
            if pass_directive and _is_at_fault(evidence, handshakes, pass_directive):
                groups.setdefault(id(match.block), (match, pass_directive, []))[2].append(path)
    for match, pass_directive, paths in groups.values():
        yield _claim(nginx, match, pass_directive, paths)


def _gateway(match: LocationMatch) -> Directive | None:
    directives = (directive for name in _GATEWAYS for directive in children(match.block, name))
    return next((directive for directive in directives if directive.args), None)


def _is_at_fault(
    evidence: Evidence, handshakes: WebSocketHandshakes, pass_directive: Directive
) -> bool:
    """Return whether the gateway protocol is the cause.

    It is not if a redirect or an access rule responded first, or if the page fails in the same way
    (the gateway may be down). The failure of another application is unrelated. For a program that
    may take over the connection only a handshake is proof.
    """
    statuses = {upgrade.status for upgrade in handshakes.front if upgrade.status}
    _, is_impossible = _GATEWAYS[pass_directive.name]
    if not (is_impossible or statuses):
        return False
    if (
        handshakes.accepted_by_front
        or statuses & {401, 403, 429}
        or any(300 <= status < 400 for status in statuses)
    ):
        return False
    page_statuses = {
        exchange.status for exchange in evidence.of(Exchange) if exchange.purpose == "target"
    }
    if any(status >= 500 and status in page_statuses for status in statuses):
        return False
    target_paths = {evidence.target.path, *evidence.target.websockets}
    failed_attempts = (
        attempt
        for attempt in evidence.of(UpstreamTry)
        if attempt.failure and attempt.path in target_paths
    )
    return all(attempt.target == pass_directive.args[0] for attempt in failed_attempts)


def _claim(
    nginx: Nginx, match: LocationMatch, pass_directive: Directive, paths: list[str]
) -> Claim:
    evidence, location = nginx.evidence, match.block
    front_upgrades = [
        upgrade for path in paths for upgrade in WebSocketHandshakes.at_path(evidence, path).front
    ]
    gateway, is_impossible = _GATEWAYS[pass_directive.name]
    return Claim(
        about=Subject(port=evidence.target.port, text=file_line(pass_directive)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in paths),
        because=(*nginx.configs, *front_upgrades),
        facts={
            "path": paths[0],
            "paths": tuple(paths),
            "place": file_line(pass_directive),
            "location": location.text,
            "directive": pass_directive.text,
            "gateway": gateway,
            "itself": location.args[-1:] == (paths[0],),
            "never": is_impossible,
            "status": next((upgrade.status for upgrade in front_upgrades if upgrade.status), None)
            or "",
            "variable": "$http_upgrade",
        },
        confidence=Confidence.CERTAIN if is_impossible else Confidence.LIKELY,
        location=nginx.location(pass_directive),
        fix=Fix((Manual("proxy", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL),
    )
