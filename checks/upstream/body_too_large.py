"""Somebody wanted to send more than client_max_body_size (1m unless set) and got 413 (error.log:
"client intended to send too large body: 2097152 bytes"). The site works; whether uploads of that
size are wanted is a choice."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx import proxy_headers as wire
from diagnose.parsers.nginx.server_blocks import Place

USUAL = 1 << 20
_SAID = r"client intended to send too large (?:chunked )?body: (\d+)"


@check(severity=Severity.NOTE, needs=[NginxConfig, LogLine])
def body_too_large(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    said = error_log.about(evidence.of(LogLine), host=evidence.target.host, says=_SAID)
    found: dict[int, tuple[Place, list[LogLine]]] = {}
    for line in said:
        for place in nginx.places(line.path or "/"):
            if _bytes(line) > _limit(place) > 0:
                found.setdefault(id(place.location), (place, []))[1].append(line)
    for place, lines in found.values():
        yield _claim(nginx, place, lines)


def _bytes(line: LogLine) -> int:
    match = re.search(_SAID, line.text)
    return int(match[1]) if match else 0


def _limit(place: Place) -> int:
    """0 is no limit."""
    given = place.one("client_max_body_size")
    amount = wire.size(given.args[0]) if given and given.args else None
    return USUAL if amount is None else amount


def _claim(nginx: Nginx, place: Place, lines: list[LogLine]) -> Claim:
    largest = max(lines, key=_bytes)
    given = place.one("client_max_body_size")
    wanted = next(one for one in (1 << shift for shift in range(20, 64)) if one >= _bytes(largest))
    made = _location_edits.settings(nginx, place, {"client_max_body_size": wire.shown(wanted)})
    shown = given or place.location
    times = sum(one.times for one in lines)
    return Claim(
        about=Subject(port=nginx.evidence.target.port, path=largest.path, text=where(shown)),
        because=(*lines, *([nginx.config] if nginx.config else [])),
        facts={
            "path": largest.path,
            "size": _bytes(largest),
            "limit": wire.shown(_limit(place)),
            "set": given is not None,
            "place": where(shown),
            "again": times if times > 1 else "",
            "message": largest.text,
        },
        confidence=Confidence.CERTAIN,
        location=nginx.location(shown),
        fix=Fix((*made, *nginx.taken()), Applicability.REVIEW),
    )
