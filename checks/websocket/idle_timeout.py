"""A proxy cuts an idle WebSocket without a close frame (code 1006) when its read timeout ends
(nginx: proxy_read_timeout, default 60 s; HAProxy: timeout tunnel, or else timeout client and
timeout server).

From outside the check observes the cut. On the server it reads the configuration, if a shorter time
is set on purpose and the application accepts a WebSocket there.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import insert_lines
from checks.nginx._websockets import WebSocketHandshakes, websocket_paths
from checks.websocket._haproxy_timeouts import claim_of_haproxy
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
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

#: Seconds. nginx's default; applications that send pings do so more often.
DEFAULT_TIMEOUT = 60
LONG_TIMEOUT = "proxy_read_timeout 3600s;"


@frozen
class ShortTimeout:
    """A WebSocket location with a timeout shorter than usual."""

    location_match: LocationMatch
    directive: Directive
    seconds: float
    paths: tuple[str, ...]


@check(severity=Severity.WARNING, needs=[Upgrade])
def idle_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    short_timeouts = _short_timeouts(nginx)
    cut_by_path: dict[str, list[Upgrade]] = {}
    for upgrade in evidence.of(Upgrade):
        if upgrade.through == "front" and upgrade.accepted and upgrade.idle_s is not None:
            cut_by_path.setdefault(upgrade.path, []).append(upgrade)
    for short_timeout in short_timeouts:
        yield _configured_claim(
            nginx,
            short_timeout,
            [upgrade for path in short_timeout.paths for upgrade in cut_by_path.get(path, ())],
        )
    configured_paths = {path for short_timeout in short_timeouts for path in short_timeout.paths}
    for path in evidence.target.websockets:
        haproxy_claim = claim_of_haproxy(evidence, path, cut_by_path.get(path, []))
        if haproxy_claim:
            configured_paths.add(path)
            yield haproxy_claim
    for path, upgrades in cut_by_path.items():
        if path not in configured_paths:
            yield _cut_claim(path, upgrades)


def _short_timeouts(nginx: Nginx) -> tuple[ShortTimeout, ...]:
    timeouts: dict[int, ShortTimeout] = {}
    for path in websocket_paths(nginx.evidence):
        handshakes = WebSocketHandshakes.at_path(nginx.evidence, path)
        for match in (
            nginx.location_matches(path)
            if handshakes.accepted_by_front or handshakes.accepted_by_application
            else ()
        ):
            directive = match.directive("proxy_read_timeout")
            timeout_s = seconds(directive.args[0]) if directive and directive.args else None
            is_proxied = proxy_pass_of(match) and all(upgrade_forwarding(match))
            if directive and is_proxied and timeout_s is not None and timeout_s < DEFAULT_TIMEOUT:
                previous = timeouts.get(id(match.block))
                timeout_paths = (*(previous.paths if previous else ()), path)
                timeouts[id(match.block)] = ShortTimeout(match, directive, timeout_s, timeout_paths)
    return tuple(timeouts.values())


def _configured_claim(
    nginx: Nginx, short_timeout: ShortTimeout, cut_upgrades: list[Upgrade]
) -> Claim:
    port = nginx.evidence.target.port
    front_upgrades = [
        upgrade
        for path in short_timeout.paths
        for upgrade in WebSocketHandshakes.at_path(nginx.evidence, path).front
    ]
    return Claim(
        about=Subject(
            port=port, path=short_timeout.paths[0], text=file_line(short_timeout.directive)
        ),
        covers=tuple(Subject(port=port, path=path) for path in short_timeout.paths),
        because=(*([nginx.config] if nginx.config else []), *front_upgrades),
        # The check did not wait to see whether the application itself sends often enough.
        confidence=Confidence.CERTAIN if cut_upgrades else Confidence.LIKELY,
        facts={
            "url": front_upgrades[0].url if front_upgrades else short_timeout.paths[0],
            "path": short_timeout.paths[0],
            "seconds": short_timeout.seconds,
            "server": "nginx",
            "place": file_line(short_timeout.directive),
            "seen": bool(cut_upgrades),
        },
        location=nginx.location(short_timeout.directive),
        fix=_fix(nginx, short_timeout),
    )


def _fix(nginx: Nginx, short_timeout: ShortTimeout) -> Fix:
    """Change the WebSocket's location only, because other locations may need their timeout."""
    directive, location = short_timeout.directive, short_timeout.location_match.block
    if directive in children(location, directive.name):
        changes = {directive.file: [edits.replace_directive(directive, LONG_TIMEOUT)]}
    else:
        changes = {}
        insert_lines(nginx, short_timeout.location_match, [LONG_TIMEOUT], changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)))


def _cut_claim(path: str, cut_upgrades: list[Upgrade]) -> Claim:
    subjects = tuple(
        Subject(address=upgrade.address, port=upgrade.port, path=path) for upgrade in cut_upgrades
    )
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(cut_upgrades),
        confidence=Confidence.LIKELY,
        facts={
            "url": cut_upgrades[0].url,
            "path": path,
            "seconds": min(
                upgrade.idle_s for upgrade in cut_upgrades if upgrade.idle_s is not None
            ),
            "server": "",
            "place": "",
            "seen": True,
        },
        fix=Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL),
    )
