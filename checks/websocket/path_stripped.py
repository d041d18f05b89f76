"""proxy_pass with a path, if only "/", puts it in the place of what the location's prefix matched
(nginx.org, ngx_http_proxy_module, proxy_pass): the application is asked for another path than
the visitor asked for. It is the cause where the application takes the handshake at the visitor's
path, and not at the one that nginx makes of it."""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, _location_edits, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def path_stripped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    found: dict[int, tuple[Place, list[str]]] = {}
    for path in evidence.target.websockets:
        if _is_stripped(Handshakes.at(evidence, path)):
            for place in nginx.places(path):
                if _passed_on(place, path) not in {None, path}:
                    found.setdefault(id(place.location), (place, []))[1].append(path)
    for place, several in found.values():
        yield _claim(nginx, place, several)


def _is_stripped(seen: Handshakes) -> bool:
    answered = any(one.status for one in seen.front) and not seen.works
    return answered and seen.refused and any(one.accepted for one in seen.whole)


def _passed_on(place: Place, path: str) -> str | None:
    """The path that nginx asks the application for."""
    passed = server_blocks.passed(place)
    found = server_blocks.application(place, passed) if passed else None
    return server_blocks.path_passed(place, found, path) if found else None


def _claim(nginx: Nginx, place: Place, several: list[str]) -> Claim:
    port, location = nginx.evidence.target.port, place.location
    seen = [Handshakes.at(nginx.evidence, path) for path in several]
    passed = server_blocks.passed(place) or location
    return Claim(
        about=Subject(port=port, text=where(passed)),
        covers=tuple(Subject(port=port, path=path) for path in several),
        because=(
            *([nginx.config] if nginx.config else []),
            *(one for pair in seen for one in (*pair.front, *pair.direct, *pair.whole)),
        ),
        facts={
            "path": several[0],
            "made": _passed_on(place, several[0]) or "",
            "place": where(passed),
            "location": " ".join(("location", *location.args)),
            "target": passed.args[0],
            "loses": not all(server_blocks.upgrade_passed(place)),
            "status": next((one.status for p in seen for one in p.front if one.status), None) or "",
            "application": next(f"{one.address}:{one.port}" for p in seen for one in p.whole),
        },
        ruled_out=("upstream.refused",),
        location=nginx.location(passed),
        fix=_fix(nginx, place, several),
    )


def _fix(nginx: Nginx, place: Place, several: list[str]) -> Fix:
    if made := _location_edits.websocket(nginx, place, whole=True):
        # Other paths of a location may have been made for the application as it was.
        return _location_edits.fix(nginx, place, made, sure=_location_edits.alone(place, several))
    return Fix((Manual("whole-path", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
