"""A proxy cuts an idle WebSocket without a close frame (code 1006) when its read timeout ends
(nginx: proxy_read_timeout, default 60 s; HAProxy: timeout tunnel, or else timeout client and
timeout server; Apache: TimeOut and ProxyTimeout).

From outside, the run observes the cut if `--idle` asks for it. On the server the check reads the
configuration, if a shorter time is set on purpose and the application accepts a WebSocket there, or
if the cut came at nginx's time; the application itself, held in silence too, shows which side cuts.

Other servers' timeouts are in `_server_timeouts`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import insert_lines
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from checks.websocket import (
    USUAL_TIMEOUT,
    asks_about_closing,
    logged_cuts,
    says_it_ends_after,
)
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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.model.web_servers import WebServer
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

if TYPE_CHECKING:
    from checks.websocket._server_timeouts import ServerTimeout

#: Seconds by which a cut may differ from the timeout behind it: its own timer, and the way.
TOLERANCE = 1.5
LONG_TIMEOUT = "proxy_read_timeout 3600s;"


@frozen
class ShortTimeout:
    """A WebSocket location with a timeout shorter than usual, or one that was seen to cut.
    `directive` is None for nginx's default."""

    location_match: LocationMatch
    directive: Directive | None
    seconds: float
    paths: tuple[str, ...]


@check(severity=Severity.WARNING, needs=[Upgrade])
def idle_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    cut_by_path: dict[str, list[Upgrade]] = {}
    for upgrade in evidence.of(Upgrade):
        if upgrade.through == "front" and upgrade.accepted and upgrade.idle_s is not None:
            cut_by_path.setdefault(upgrade.path, []).append(upgrade)
    timeouts = _nginx_timeouts(nginx, cut_by_path)
    for short in timeouts:
        cut_upgrades = [upgrade for path in short.paths for upgrade in cut_by_path.get(path, ())]
        yield _configured_claim(nginx, short, cut_upgrades)
    configured_paths = {path for short in timeouts for path in short.paths}
    for path in _asked_paths(evidence):
        cuts = cut_by_path.get(path, [])
        timeout = _server_timeout(evidence, path)
        if timeout and not _is_contradicted(evidence, path, timeout.seconds, cuts):
            configured_paths.add(path)
            yield timeout.claim(bool(cuts))
    for path, upgrades in cut_by_path.items():
        if path not in configured_paths:
            yield _cut_claim(evidence, path, upgrades)


def _asked_paths(evidence: Evidence) -> tuple[str, ...]:
    """Return the paths of the WebSockets that the user named; of those that opened, if the user
    tells that one ended and names none."""
    if evidence.target.websockets or not asks_about_closing(evidence, 0.0):
        return evidence.target.websockets
    return websocket_paths(evidence)


def _server_timeout(evidence: Evidence, path: str) -> "ServerTimeout | None":
    """Return the timeout of a web server other than nginx, if it is shorter than usual. Most
    servers have none, so that what reads its configuration is imported here."""
    if not evidence.good(WebServer):
        return None
    from checks.websocket._apache_timeouts import short_timeout_of_apache
    from checks.websocket._haproxy_timeouts import short_timeout_of_haproxy

    own = short_timeout_of_haproxy(evidence, path) or short_timeout_of_apache(evidence, path)
    if own is not None or not asks_about_closing(evidence, 0.0):
        return own
    from checks.websocket._inner_timeouts import inner_timeout

    return inner_timeout(evidence, path)


def _locations(nginx: Nginx, path: str) -> Iterator[LocationMatch]:
    """Yield the locations that pass a WebSocket on: those of the visitors' block, and after a
    message about closing those behind it."""
    yield from nginx.location_matches(path)
    if asks_about_closing(nginx.evidence, 0.0):
        from checks.upstream._hops import nginx_locations

        yield from nginx_locations(nginx.evidence, path)


def _nginx_timeouts(
    nginx: Nginx, cut_by_path: Mapping[str, Sequence[Upgrade]]
) -> tuple[ShortTimeout, ...]:
    timeouts: dict[int, ShortTimeout] = {}
    for path in websocket_paths(nginx.evidence):
        handshakes = WebSocketHandshakes.at_path(nginx.evidence, path)
        is_open = handshakes.accepted_by_front or handshakes.accepted_by_application
        cuts = [] if _cuts_itself(nginx.evidence, path) else cut_by_path.get(path, ())
        for match in _locations(nginx, path) if is_open else ():
            directive = match.directive("proxy_read_timeout")
            timeout_s = (
                seconds(directive.args[0]) if directive and directive.args else USUAL_TIMEOUT
            )
            if not proxy_pass_of(match) or not all(upgrade_forwarding(match)) or timeout_s is None:
                continue
            is_cut = _is_cut_at(timeout_s, cuts)
            is_told = directive is not None and (
                says_it_ends_after(nginx.evidence, timeout_s)
                or (
                    asks_about_closing(nginx.evidence, 0.0)
                    and bool(logged_cuts(nginx.evidence, path))
                )
            )
            is_short = (timeout_s < USUAL_TIMEOUT or is_told) and not _outlasts(
                nginx.evidence, path, timeout_s
            )
            if is_cut or (is_short and not cuts):
                previous = timeouts.get(id(match.block))
                timeout_paths = (*(previous.paths if previous else ()), path)
                timeouts[id(match.block)] = ShortTimeout(match, directive, timeout_s, timeout_paths)
    return tuple(timeouts.values())


def _is_contradicted(
    evidence: Evidence, path: str, timeout_s: float, cuts: Sequence[Upgrade]
) -> bool:
    """Whether a measured silence contradicts a timeout as the cause of its end."""
    if not cuts:
        return _outlasts(evidence, path, timeout_s)
    return _cuts_itself(evidence, path) or not _is_cut_at(timeout_s, cuts)


def _is_cut_at(timeout_s: float, cuts: Sequence[Upgrade]) -> bool:
    """Whether a WebSocket was cut without a close frame when this timeout ended."""
    return any(
        abs((upgrade.idle_s or 0.0) - timeout_s) < TOLERANCE and upgrade.ended != "close"
        for upgrade in cuts
    )


def _outlasts(evidence: Evidence, path: str, timeout_s: float) -> bool:
    """Whether a WebSocket was held for longer: the application itself sends often enough."""
    return any(
        upgrade.through == "front"
        and upgrade.path == path
        and upgrade.idle_s is None
        and (upgrade.quiet_s or 0.0) > timeout_s + TOLERANCE
        for upgrade in evidence.of(Upgrade)
    )


def _direct(evidence: Evidence, path: str) -> list[Upgrade]:
    """Return the WebSockets at the application itself that were held in silence."""
    return [
        upgrade
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "application"
        and upgrade.path == path
        and upgrade.accepted
        and upgrade.quiet_s is not None
    ]


def _cuts_itself(evidence: Evidence, path: str) -> bool:
    """Whether the application itself cuts as early as the site does."""
    fronts = [
        upgrade.idle_s
        for upgrade in evidence.of(Upgrade)
        if upgrade.through == "front" and upgrade.path == path and upgrade.idle_s is not None
    ]
    return any(
        upgrade.idle_s is not None and upgrade.idle_s < front + TOLERANCE
        for upgrade in _direct(evidence, path)
        for front in fronts
    )


def _configured_claim(
    nginx: Nginx, short_timeout: ShortTimeout, cut_upgrades: list[Upgrade]
) -> Claim:
    port, evidence = nginx.evidence.target.port, nginx.evidence
    match = short_timeout.location_match
    reported_directive = short_timeout.directive or proxy_pass_of(match) or match.block
    place = file_line(reported_directive)
    front_upgrades = [
        upgrade
        for path in short_timeout.paths
        for upgrade in WebSocketHandshakes.at_path(nginx.evidence, path).front
    ]
    return Claim(
        about=Subject(port=port, path=short_timeout.paths[0], text=place),
        covers=tuple(Subject(port=port, path=path) for path in short_timeout.paths),
        because=(*nginx.configs, *front_upgrades),
        # The check did not wait to see whether the application itself sends often enough.
        confidence=Confidence.CERTAIN if cut_upgrades else Confidence.LIKELY,
        facts={
            "url": front_upgrades[0].url if front_upgrades else short_timeout.paths[0],
            "path": short_timeout.paths[0],
            "seconds": short_timeout.seconds,
            "server": "nginx",
            "place": place,
            "default": short_timeout.directive is None,
            "seen": bool(cut_upgrades),
            "probe": round(short_timeout.seconds + 10),
            "direct_holds": any(
                upgrade.idle_s is None for upgrade in _direct(evidence, short_timeout.paths[0])
            ),
            **_NOTHING,
        },
        location=nginx.location(reported_directive),
        fix=_fix(nginx, short_timeout),
    )


def _fix(nginx: Nginx, short_timeout: ShortTimeout) -> Fix:
    """Change the WebSocket's location only, because other locations may need their timeout."""
    directive, location = short_timeout.directive, short_timeout.location_match.block
    if directive and directive in children(location, directive.name):
        changes = {directive.file: [edits.replace_directive(directive, LONG_TIMEOUT)]}
    else:
        changes = {}
        insert_lines(nginx, short_timeout.location_match, [LONG_TIMEOUT], changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)))


_NOTHING: dict[str, object] = {
    "close": "", "reset": False, "eof": False, "application": False, "minute": False,
    "proxy": False,
}  # fmt: skip


def _cut_claim(evidence: Evidence, path: str, cut_upgrades: list[Upgrade]) -> Claim:
    subjects = tuple(
        Subject(address=upgrade.address, port=upgrade.port, path=path) for upgrade in cut_upgrades
    )
    first = min(cut_upgrades, key=lambda upgrade: upgrade.idle_s or 0.0)
    idle_s, direct = first.idle_s or 0.0, _direct(evidence, path)
    by_application = _cuts_itself(evidence, path)
    holds = bool(direct) and not by_application
    # A close frame is the decision of a WebSocket program; a proxy cuts without one.
    is_chosen = first.ended == "close" and not holds
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*cut_upgrades, *direct),
        confidence=Confidence.CERTAIN if by_application else Confidence.LIKELY,
        severity=Severity.NOTE if is_chosen else None,
        facts={
            "url": first.url,
            "path": path,
            "seconds": round(idle_s, 1),
            "server": "",
            "place": "",
            "default": False,
            "seen": True,
            "probe": round(idle_s + 10),
            "direct_holds": holds,
            "close": first.close_code if first.ended == "close" else "",
            "reset": first.ended == "reset",
            "eof": first.ended == "eof",
            "application": by_application or is_chosen,
            "proxy": holds,
            "minute": abs(idle_s - USUAL_TIMEOUT) < TOLERANCE,
        },
        fix=Fix(
            (
                Manual(
                    "pings" if by_application or is_chosen else "longer",
                    Where.APPLICATION if by_application or is_chosen else Where.SERVER,
                ),
            ),
            Applicability.MANUAL,
        ),
    )
