"""A proxy speaks for itself: Upgrade and Connection belong to one connection (RFC 9110 section
7.6.1), and nginx does not pass them on unless it is told to. So the application never hears that
a WebSocket is wanted, and answers as it answers any request: 400, 404, 426 or a page.

The code decides nothing; the comparison does: the application takes the handshake, and through
nginx it is refused.
"""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, _location_edits, where
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def upgrade_headers_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for place, several in nginx.losing_upgrades():
        if not server_blocks.wiped(place):
            yield _claim(nginx, place, several)


def _claim(nginx: Nginx, place: Place, several: list[str]) -> Claim:
    evidence, location = nginx.evidence, place.location
    seen = [Handshakes.at(evidence, path) for path in several]
    proven = any(one.proxy_breaks_it or one.elsewhere for one in seen)
    upgrade, connection = server_blocks.upgrade_passed(place)
    fronts = [one for pair in seen for one in pair.front]
    given = server_blocks.header(place, "Connection")
    return Claim(
        about=Subject(port=evidence.target.port, text=where(location)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in several),
        because=(
            *([nginx.config] if nginx.config else []),
            *(one for pair in seen for one in (*pair.front, *pair.direct)),
        ),
        facts={
            "path": several[0],
            "paths": tuple(several),
            "place": where(location),
            "location": " ".join(("location", *location.args)),
            "status": next((one.status for one in fronts if one.status), None) or "",
            "application": next(
                (f"{one.address}:{one.port}" for p in seen for one in p.direct), ""
            ),
            "proven": proven,
            "together": any(one.elsewhere for one in seen),
            "no_upgrade": not upgrade,
            "no_connection": not connection,
            "connection": " ".join(given.args[1:]) or '""' if given else "close",
        },
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        ruled_out=("upstream.refused",) if proven else (),
        location=nginx.location(location),
        fix=_fix(nginx, place, seen, several),
    )


def _fix(nginx: Nginx, place: Place, seen: list[Handshakes], several: list[str]) -> Fix:
    host = any(one.accepted for pair in seen if pair.elsewhere for one in pair.named)
    whole = any(one.accepted for pair in seen if pair.elsewhere for one in pair.whole)
    made = _location_edits.websocket(nginx, place, host, whole)
    return _location_edits.fix(
        nginx, place, made, sure=not whole or _location_edits.alone(place, several)
    )
