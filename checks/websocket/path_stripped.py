"""proxy_pass with a path, even "/", replaces what the location's prefix matched (nginx.org,
ngx_http_proxy_module, proxy_pass), so the application gets another path than the visitor asked for.

If it has variables, what follows the host is the whole path that is requested, without the query.

It is the cause if the application accepts the handshake at the visitor's path and refuses it at
nginx's path. It is likely if the application asks for a login at the visitor's path, and answers
nginx's path with a page, or has none there.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from checks.websocket import without_query
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
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits, upstreams
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=[
        "websocket.not-upgraded",
        "upstream.application-log",
        "websocket.inner-proxy",
        "websocket.unauthorized",
        "http.page-file-missing",
        "http.page-file-type",
        "http.base-path-missing",
    ],
)
def path_stripped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    groups: dict[int, tuple[LocationMatch, list[str]]] = {}
    for path in websocket_paths(evidence):
        if _is_stripped(WebSocketHandshakes.at_path(evidence, path)):
            for match in nginx.location_matches(path):
                if _passed_path(nginx, match, path) not in {None, path}:
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
        and (any(upgrade.accepted for upgrade in handshakes.whole_path) or _has_login(handshakes))
    )


def _has_login(handshakes: WebSocketHandshakes) -> bool:
    """Return whether a WebSocket that wants a login is at the visitor's path, and a page or nothing
    at nginx's."""
    whole = [upgrade.status for upgrade in handshakes.whole_path]
    passed = [upgrade.status for upgrade in handshakes.direct]
    is_closed = bool(whole) and all(status in {401, 403} for status in whole)
    return is_closed and bool(passed) and all(status in {200, 404} for status in passed)


def _passed_path(nginx: Nginx, match: LocationMatch, path: str) -> str | None:
    """Return the path that nginx sends to the application, or None."""
    variables = upstreams.route_variables(nginx.evidence.target, match, path)
    proxy_target = upstreams.proxy_target_of(match, variables)
    return upstreams.requested_path(match, proxy_target, path) if proxy_target else None


def _loses_query(nginx: Nginx, match: LocationMatch, path: str) -> bool:
    """Whether the query alone is lost: a target with variables is the whole path."""
    bare_path, _, query = path.partition("?")
    return bool(query) and _passed_path(nginx, match, path) == bare_path


def _claim(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Claim:
    port, location = nginx.evidence.target.port, match.block
    handshake_sets = [WebSocketHandshakes.at_path(nginx.evidence, path) for path in paths]
    pass_directive = proxy_pass_of(match) or location
    return Claim(
        about=Subject(port=port, text=file_line(pass_directive)),
        covers=_covered(nginx, match, paths),
        because=(
            *nginx.configs,
            *(
                upgrade
                for handshakes in handshake_sets
                for upgrade in (*handshakes.front, *handshakes.direct, *handshakes.whole_path)
            ),
        ),
        facts={
            "path": without_query(paths[0]),
            "made": without_query(_passed_path(nginx, match, paths[0]) or ""),
            "query": _loses_query(nginx, match, paths[0]),
            "variables": "$" in pass_directive.args[0] if pass_directive.args else False,
            "place": file_line(pass_directive),
            "location": " ".join(("location", *location.args)),
            "target": pass_directive.args[0],
            "login": next(
                (
                    upgrade.status
                    for handshakes in handshake_sets
                    for upgrade in handshakes.whole_path
                    if not upgrade.accepted
                ),
                "",
            ),
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
        confidence=Confidence.CERTAIN
        if any(upgrade.accepted for each in handshake_sets for upgrade in each.whole_path)
        else Confidence.LIKELY,
        ruled_out=("upstream.refused",),
        location=nginx.location(pass_directive),
        fix=_fix(nginx, match, paths),
    )


def _covered(nginx: Nginx, match: LocationMatch, paths: list[str]) -> tuple[Subject, ...]:
    """A target with variables and a fixed path is that path for every file of the location."""
    port = nginx.evidence.target.port
    directive = proxy_pass_of(match)
    whole = directive is not None and "$" in directive.args[0] and match.block.args == ("/",)
    everything = (Subject(port=port),) if whole else ()
    return (*(Subject(port=port, path=path) for path in paths), *everything)


def _fix(nginx: Nginx, match: LocationMatch, paths: list[str]) -> Fix:
    directive = proxy_pass_of(match)
    if directive and all(_loses_query(nginx, match, path) for path in paths):
        line = f"proxy_pass {directive.args[0]}$is_args$args;"
        edit = config_edit(nginx, directive.file, edits.replace_directive(directive, line))
        if edit:
            return _location_edits.location_fix(nginx, match, (edit,))
    if file_edits := _location_edits.websocket_edits(nginx, match, whole_path=True):
        # The application may rely on the changed path for other paths of the location.
        return _location_edits.location_fix(
            nginx, match, file_edits, sure=_location_edits.serves_only(match, paths)
        )
    return Fix((Manual("whole-path", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
