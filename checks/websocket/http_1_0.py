"""nginx before 1.29.7 speaks HTTP/1.0 to the application unless proxy_http_version says 1.1, and
a WebSocket's handshake is HTTP/1.1 (RFC 6455 section 4.1). Most applications do not mind; so it is
a cause only where this one was tried and does."""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, paths, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Upgrade],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def http_1_0(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    met: set[int] = set()
    for path in paths(evidence):
        seen = Handshakes.at(evidence, path)
        minds = bool(seen.old) and not any(one.accepted for one in seen.old)
        if not (seen.proxy_breaks_it and minds):
            continue
        for place in nginx.places(path):
            passes = server_blocks.passed(place) and all(server_blocks.upgrade_passed(place))
            if passes and id(place.location) not in met:
                met.add(id(place.location))
                yield _claim(nginx, place, path, seen)


def _claim(nginx: Nginx, place: Place, path: str, seen: Handshakes) -> Claim:
    given = place.one("proxy_http_version")
    shown = given or server_blocks.passed(place) or place.location
    return Claim(
        about=Subject(port=nginx.evidence.target.port, text=where(shown)),
        covers=(Subject(port=nginx.evidence.target.port, path=path),),
        because=(
            *([nginx.config] if nginx.config else []),
            *seen.front,
            *seen.direct,
            *seen.old,
        ),
        facts={
            "path": path,
            "place": where(shown),
            "location": " ".join(("location", *place.location.args)),
            "status": next((one.status for one in seen.front if one.status), None) or "",
            "old_status": next((one.status for one in seen.old if one.status), None) or "",
            "application": f"{seen.direct[0].address}:{seen.direct[0].port}",
        },
        ruled_out=("websocket.upgrade-headers-missing", "upstream.refused"),
        location=nginx.location(shown),
        fix=_fix(nginx, place),
    )


def _fix(nginx: Nginx, place: Place) -> Fix:
    line, location = "proxy_http_version 1.1;", place.location
    given, passed = place.one("proxy_http_version"), server_blocks.passed(place)
    file = nginx.file(location)
    change: Change | None = None
    if given and given in (location.block or ()):
        edit = nginx.edit(given.file, edits.instead(given, line))
    else:
        if file and passed in (location.block or ()) and passed and passed.file == file.path:
            change = edits.after(file.text, passed, [line])
        elif file:
            change = edits.first(file.text, location, [line])
        edit = nginx.edit(location.file, change) if change else None
    if edit is None:
        return Fix(nginx.taken(), Applicability.REVIEW)
    return Fix((edit, *nginx.taken()))
