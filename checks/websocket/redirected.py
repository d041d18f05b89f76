"""The handshake is redirected. RFC 6455 section 4.1 lets clients follow; browsers do not."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Handshakes, Nginx, _location_edits
from checks.nginx._location_edits import Changes
from checks.websocket import claim, refused
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.parsers.http import read_url
from diagnose.parsers.nginx import edits, server_blocks


@check(severity=Severity.ERROR, needs=[Upgrade])
def redirected(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused(evidence, "redirected"):
        location = attempt.first.header("Location") or ""
        target = read_url(location)
        path = target.path if target else location
        asked = attempt.path.partition("?")[0]
        secure = evidence.target.scheme in {"ws", "http"} and bool(target and target.secure)
        made = claim(
            attempt,
            "exact-url",
            Where.SERVER,
            {
                "location": location,
                "slash": not secure and path.rstrip("/") == asked.rstrip("/") and path != asked,
                "secure": secure,
            },
        )
        yield _mended(Nginx.of(evidence), made, attempt.path)


def _mended(nginx: Nginx, made: Claim, path: str) -> Claim:
    """The redirect is nginx's own: it knows the path with a slash behind it, and the application
    takes the handshake without. The location takes both then."""
    places = list(nginx.places(path))
    if len(places) != 1 or not places[0].redirects or not Handshakes.at(nginx.evidence, path).taken:
        return made
    place = places[0]
    changes: Changes = {}
    location = place.location
    file, given = nginx.file(location), server_blocks.pattern(location)
    passed = server_blocks.passed(place)
    found = server_blocks.application(place, passed) if passed else None
    if file is None or given is None or given.modifier or found is None or found.uri is not None:
        return made
    words = file.text[location.start : location.opened]
    shorter = words.replace(given.text, given.text.rstrip("/"), 1)
    change = edits.Change(location.start, location.opened, shorter)
    changes.setdefault(location.file, []).append(change)
    edited = nginx.edited(changes)
    if not edited:
        return made
    because = (*made.because, *([nginx.config] if nginx.config else []))
    shown = nginx.location(location)
    return replace(
        made, because=because, location=shown, fix=_location_edits.fix(nginx, place, edited)
    )
