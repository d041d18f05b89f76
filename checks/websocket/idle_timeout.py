"""An open WebSocket on which nobody speaks is cut, without a close frame (code 1006): what a proxy
does when its read timeout is over (nginx: proxy_read_timeout, 60 s unless set). Seen happen from
outside; on the server read from the configuration, where a shorter time was set on purpose and
the application takes a WebSocket there."""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, paths, where
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
    together,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.server_blocks import Place

#: Seconds. What nginx waits unless it is told otherwise; applications that ping do so more often.
USUAL = 60
LONGER = "proxy_read_timeout 3600s;"


@frozen
class Short:
    """A location of a WebSocket's that waits less long than usual."""

    place: Place
    given: Directive
    seconds: float
    paths: tuple[str, ...]


@check(severity=Severity.WARNING, needs=[Upgrade])
def idle_timeout(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    short = _short(nginx)
    cut: dict[str, list[Upgrade]] = {}
    for one in evidence.of(Upgrade):
        if one.through == "front" and one.accepted and one.idle_s is not None:
            cut.setdefault(one.path, []).append(one)
    for found in short:
        yield _configured(nginx, found, [seen for p in found.paths for seen in cut.get(p, ())])
    known = {path for found in short for path in found.paths}
    for path, seen in cut.items():
        if path not in known:
            yield _cut(path, seen)


def _short(nginx: Nginx) -> tuple[Short, ...]:
    found: dict[int, Short] = {}
    for path in paths(nginx.evidence):
        seen = Handshakes.at(nginx.evidence, path)
        for place in nginx.places(path) if seen.works or seen.taken else ():
            given = place.one("proxy_read_timeout")
            waits = seconds(given.args[0]) if given and given.args else None
            passes = server_blocks.passed(place) and all(server_blocks.upgrade_passed(place))
            if given and passes and waits is not None and waits < USUAL:
                before = found.get(id(place.location))
                several = (*(before.paths if before else ()), path)
                found[id(place.location)] = Short(place, given, waits, several)
    return tuple(found.values())


def _configured(nginx: Nginx, found: Short, cut: list[Upgrade]) -> Claim:
    port = nginx.evidence.target.port
    seen = [one for path in found.paths for one in Handshakes.at(nginx.evidence, path).front]
    return Claim(
        about=Subject(port=port, path=found.paths[0], text=where(found.given)),
        covers=tuple(Subject(port=port, path=path) for path in found.paths),
        because=(*([nginx.config] if nginx.config else []), *seen),
        # Whether the application speaks often enough by itself was not waited for.
        confidence=Confidence.CERTAIN if cut else Confidence.LIKELY,
        facts={
            "url": seen[0].url if seen else found.paths[0],
            "path": found.paths[0],
            "seconds": found.seconds,
            "place": where(found.given),
            "seen": bool(cut),
        },
        location=nginx.location(found.given),
        fix=_fix(nginx, found),
    )


def _fix(nginx: Nginx, found: Short) -> Fix:
    """In the location of the WebSocket only: other locations may have reasons for theirs."""
    given, location = found.given, found.place.location
    if given in server_blocks.children(location, given.name):
        changes = {given.file: [edits.instead(given, LONGER)]}
    else:
        changes = {}
        nginx.insert(found.place, [LONGER], changes)
    made = nginx.edited(changes)
    if not made:
        return Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    return Fix((*made, *nginx.taken()))


def _cut(path: str, cut: list[Upgrade]) -> Claim:
    subjects = tuple(Subject(address=one.address, port=one.port, path=path) for one in cut)
    return Claim(
        about=together(subjects),
        covers=subjects,
        because=tuple(cut),
        confidence=Confidence.LIKELY,
        facts={
            "url": cut[0].url,
            "path": path,
            "seconds": min(one.idle_s for one in cut if one.idle_s is not None),
            "place": "",
            "seen": True,
        },
        fix=Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL),
    )
