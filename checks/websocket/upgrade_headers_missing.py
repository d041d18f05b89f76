"""A proxy speaks for itself: Upgrade and Connection belong to one connection (RFC 9110 section
7.6.1), and nginx does not pass them on unless it is told to. So the application never hears that
a WebSocket is wanted, and answers as it answers any request: 400, 404, 426 or a page.

The code decides nothing; the comparison does: the application takes the handshake, and through
nginx it is refused.
"""

from collections.abc import Iterator

from checks.nginx import MAP, Handshakes, Nginx, where
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.nginx import NginxConfig
from diagnose.wire import edits, serving
from diagnose.wire.edits import Change
from diagnose.wire.serving import Place


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def upgrade_headers_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for place, several in nginx.losing_upgrades():
        if not serving.wiped(place):
            yield _claim(nginx, place, several)


def _claim(nginx: Nginx, place: Place, several: list[str]) -> Claim:
    evidence, location = nginx.evidence, place.location
    seen = [Handshakes.at(evidence, path) for path in several]
    proven = any(one.proxy_breaks_it for one in seen)
    upgrade, connection = serving.upgrade_passed(place)
    fronts = [one for pair in seen for one in pair.front]
    given = serving.header(place, "Connection")
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
            "no_upgrade": not upgrade,
            "no_connection": not connection,
            "connection": " ".join(given.args[1:]) or '""' if given else "close",
        },
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        ruled_out=("upstream.refused",) if proven else (),
        location=nginx.location(location),
        fix=_fix(nginx, place),
    )


# The cure


def _fix(nginx: Nginx, place: Place) -> Fix:
    changes: dict[str, list[Change]] = {}
    connection = _connection(nginx, place, changes)
    wanted = {"Upgrade": "$http_upgrade", "Connection": connection}
    lines = nginx.speak_1_1(place, changes)
    right = dict(zip(wanted, serving.upgrade_passed(place), strict=True))
    own = serving.children(place.location, "proxy_set_header")
    if not own:
        # The first of its own makes a location forget those that it inherits.
        lines += _inherited(nginx, place)
    for name, text in wanted.items():
        given = serving.header(place, name)
        if right[name] and own:
            continue
        if given in own and given is not None:
            line = f"proxy_set_header {name} {text};"
            changes.setdefault(given.file, []).append(edits.instead(given, line))
        else:
            lines.append(f"proxy_set_header {name} {text};")
    nginx.insert(place, lines, changes)
    made = tuple(edit for path, some in changes.items() if (edit := nginx.edit(path, *some)))
    one_file = set(changes) == {place.location.file}
    return Fix((*made, *nginx.taken()), _applicability(made, one_file))


def _applicability(made: tuple[Edit, ...], one_file: bool) -> Applicability:
    return Applicability.AUTOMATIC if made and one_file else Applicability.REVIEW


def _connection(nginx: Nginx, place: Place, changes: dict[str, list[Change]]) -> str:
    """The value for Connection: by the map that is there; else "upgrade"; but in a location that
    serves pages too, by a map that is put before the server block."""
    http, server = place.blocks[0], place.blocks[1]
    for one in serving.children(http, "map"):
        if one.args[:1] == ("$http_upgrade",) and len(one.args) > 1:
            given = serving.value(place, one.args[1], {"http_upgrade": "websocket"})
            if (given or "").lower() == "upgrade":
                return one.args[1]
    file = nginx.file(server)
    if place.location.args != ("/",) or file is None:
        return '"upgrade"'
    changes.setdefault(file.path, []).append(edits.before(file.text, server, [*MAP, ""]))
    return "$connection_upgrade"


def _inherited(nginx: Nginx, place: Place) -> list[str]:
    lines = []
    for one in place.all("proxy_set_header"):
        file = nginx.file(one)
        if file and one.args and one.args[0].lower() not in {"upgrade", "connection"}:
            lines.append(" ".join(file.text[one.start : one.stop].split()))
    return lines
