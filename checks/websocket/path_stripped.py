"""proxy_pass with a path, even "/", replaces what the location's prefix matched (nginx.org,
ngx_http_proxy_module, proxy_pass), so the application gets another path than the visitor asked for.

It is the cause if the application accepts the handshake at the visitor's path and refuses it at
nginx's path.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._websockets import WebSocketHandshakes
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.forwarding import application_of, forwarded_path, upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def path_stripped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, tuple[LocationMatch, list[str]]] = {}
    for path in evidence.target.websockets:
        if _is_stripped(WebSocketHandshakes.at_path(evidence, path)):
            for match in nginx.location_matches(path):
                if _passed_path(match, path) not in {None, path}:
                    groups.setdefault(id(match.block), (match, []))[1].append(path)
    for match, paths in groups.values():
        yield _claim(nginx, match, paths)


def _is_stripped(handshakes: WebSocketHandshakes) -> bool:
    is_answered = (
        any(upgrade.status for upgrade in handshakes.front) and not handshakes.accepted_by_front
    )
    return (
        is_answered
        and handshakes.refused_by_application
        and any(upgrade.accepted for upgrade in handshakes.whole_path)
    )


def _passed_path(match: LocationMatch, path: str) -> str | None:
    """Return the path that nginx sends to the application, or None."""
    pass_directive = proxy_pass_of(match)
    application = application_of(match, pass_directive) if pass_directive else None
    return forwarded_path(match, application, path) if application else None


def _claim(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Claim:
    port, location = nginx.evidence.target.port, match.block
    handshake_sets = [WebSocketHandshakes.at_path(nginx.evidence, path) for path in paths]
    pass_directive = proxy_pass_of(match) or location
    return Claim(
        about=Subject(port=port, text=file_line(pass_directive)),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(
            *([nginx.config] if nginx.config else []),
            *(
                upgrade
                for handshakes in handshake_sets
                for upgrade in (*handshakes.front, *handshakes.direct, *handshakes.whole_path)
            ),
        ),
        facts={
            "path": paths[0],
            "made": _passed_path(match, paths[0]) or "",
            "place": file_line(pass_directive),
            "location": " ".join(("location", *location.args)),
            "target": pass_directive.args[0],
            "loses": not all(upgrade_forwarding(match)),
            "status": next(
                (
                    upgrade.status
                    for handshakes in handshake_sets
                    for upgrade in handshakes.front
                    if upgrade.status
                ),
                None,
            )
            or "",
            "application": next(
                f"{upgrade.address}:{upgrade.port}"
                for handshakes in handshake_sets
                for upgrade in handshakes.whole_path
            ),
        },
        ruled_out=("upstream.refused",),
        location=nginx.location(pass_directive),
        fix=_fix(nginx, match, paths),
    )


def _fix(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Fix:
    if file_edits := _location_edits.websocket_edits(nginx, match, whole_path=True):
        # The application may rely on the changed path for other paths of the location.
        return _location_edits.location_fix(
            nginx, match, file_edits, sure=_location_edits.serves_only(match, paths)
        )
    return Fix((Manual("whole-path", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
