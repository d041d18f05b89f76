"""nginx before 1.29.7 speaks HTTP/1.0 to the application unless proxy_http_version is 1.1, and a
WebSocket handshake needs HTTP/1.1 (RFC 6455 section 4.1). Most applications accept HTTP/1.0, so it
is a cause only if this one was tried and refuses it, or accepts it and ends the connection, as
Tornado does: for it, an HTTP/1.0 connection ends with the response."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.closed-after-upgrade",
    ],
)
def http_1_0(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    reported_locations: set[int] = set()
    for path in websocket_paths(evidence):
        handshakes = WebSocketHandshakes.at_path(evidence, path)
        if not (_is_refused(handshakes) or _is_ended(handshakes)):
            continue
        for match in nginx.location_matches(path):
            is_proxied = proxy_pass_of(match) and all(upgrade_forwarding(match))
            if is_proxied and id(match.block) not in reported_locations:
                reported_locations.add(id(match.block))
                yield _claim(nginx, match, path, handshakes)


def _is_refused(handshakes: WebSocketHandshakes) -> bool:
    needs_1_1 = bool(handshakes.http_1_0) and not any(
        upgrade.accepted for upgrade in handshakes.http_1_0
    )
    return handshakes.broken_by_proxy and needs_1_1


def _is_ended(handshakes: WebSocketHandshakes) -> bool:
    """Whether the application accepts HTTP/1.0, and ends only such a connection."""
    watched = [upgrade for upgrade in handshakes.http_1_0 if upgrade.held_s is not None]
    return (
        handshakes.ends_in_proxy
        and bool(watched)
        and all(upgrade.accepted and upgrade.stayed_open is False for upgrade in watched)
    )


def _claim(nginx: Nginx, match: LocationMatch, path: str, handshakes: WebSocketHandshakes) -> Claim:
    directive = match.directive("proxy_http_version")
    reported_directive = directive or proxy_pass_of(match) or match.block
    return Claim(
        about=Subject(port=nginx.evidence.target.port, text=file_line(reported_directive)),
        covers=(Subject(port=nginx.evidence.target.port, path=path),),
        because=(
            *nginx.configs,
            *handshakes.front,
            *handshakes.direct,
            *handshakes.http_1_0,
        ),
        facts={
            "path": path,
            "place": file_line(reported_directive),
            "location": " ".join(("location", *match.block.args)),
            "status": next((upgrade.status for upgrade in handshakes.front if upgrade.status), None)
            or "",
            "old_status": next(
                (upgrade.status for upgrade in handshakes.http_1_0 if upgrade.status), None
            )
            or "",
            "ends": _is_ended(handshakes),
            "application": f"{handshakes.direct[0].address}:{handshakes.direct[0].port}",
        },
        ruled_out=("websocket.upgrade-headers-missing", "upstream.refused"),
        location=nginx.location(reported_directive),
        fix=_fix(nginx, match),
    )


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    line, location = "proxy_http_version 1.1;", match.block
    directive, pass_directive = (
        match.directive("proxy_http_version"),
        proxy_pass_of(match),
    )
    file = nginx.file(location)
    change: TextEdit | None = None
    if directive and directive in (location.block or ()):
        edit = config_edit(nginx, directive.file, edits.replace_directive(directive, line))
    else:
        if (
            file
            and pass_directive in (location.block or ())
            and pass_directive
            and pass_directive.file == file.path
        ):
            change = edits.insert_after(file.text, pass_directive, [line])
        elif file:
            change = edits.insert_first(file.text, location, [line])
        edit = config_edit(nginx, location.file, change) if change else None
    if edit is None:
        return Fix(reload_steps(nginx), Applicability.REVIEW)
    return Fix((edit, *reload_steps(nginx)))
