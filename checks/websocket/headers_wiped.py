"""The server block passes Upgrade and Connection on, and a location has a proxy_set_header of its
own: with the first of its own it forgets all that it would inherit (nginx.org,
ngx_http_proxy_module, proxy_set_header)."""

from collections.abc import Iterator

from checks.nginx import Handshakes, Nginx, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Place

_WANTED = ("Upgrade", "Connection")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["websocket.not-upgraded", "websocket.inner-proxy"],
)
def headers_wiped(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for place, several in nginx.losing_upgrades():
        if around := server_blocks.wiped(place):
            yield _claim(nginx, place, around, several)


def _claim(nginx: Nginx, place: Place, around: Place, several: list[str]) -> Claim:
    evidence, location = nginx.evidence, place.location
    seen = [Handshakes.at(evidence, path) for path in several]
    proven = any(one.proxy_breaks_it for one in seen)
    fronts = [one for pair in seen for one in pair.front]
    own = place.all("proxy_set_header")
    return Claim(
        about=Subject(port=evidence.target.port, text=where(location)),
        covers=tuple(Subject(port=evidence.target.port, path=path) for path in several),
        because=(
            *([nginx.config] if nginx.config else []),
            *(one for pair in seen for one in (*pair.front, *pair.direct)),
        ),
        facts={
            "paths": tuple(several),
            "place": where(location),
            "location": " ".join(("location", *location.args)),
            "own": tuple(one.args[0] for one in own if one.args),
            "own_place": where(own[0]),
            "outer": tuple(where(one) for one in _lost(place, around)),
            "others": _others(own, around),
            "status": next((one.status for one in fronts if one.status), None) or "",
            "proven": proven,
        },
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        ruled_out=("upstream.refused",) if proven else (),
        location=nginx.location(own[0]),
        fix=_fix(nginx, place, around),
    )


def _lost(place: Place, around: Place) -> tuple[Directive, ...]:
    """The directives around that would have passed the upgrade on."""
    rights = zip(_WANTED, server_blocks.upgrade_passed(place), strict=True)
    found = [server_blocks.header(around, name) for name, right in rights if not right]
    return tuple(one for one in found if one)


def _others(own: tuple[Directive, ...], around: Place) -> tuple[str, ...]:
    """What else is forgotten with them."""
    known = {*(one.args[0].lower() for one in own if one.args), *map(str.lower, _WANTED)}
    names = (one.args[0] for one in around.all("proxy_set_header") if one.args)
    return tuple(dict.fromkeys(name for name in names if name.lower() not in known))


def _fix(nginx: Nginx, place: Place, around: Place) -> Fix:
    """Say them once more in the location, in the very words of the block around it."""
    changes: dict[str, list[Change]] = {}
    lines = nginx.speak_1_1(place, changes)
    for one in _lost(place, around):
        if file := nginx.file(one):
            lines.append(" ".join(file.text[one.start : one.stop].split()))
    nginx.insert(place, lines, changes)
    made = nginx.edited(changes)
    sure = bool(made) and set(changes) == {place.location.file}
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((*made, *nginx.taken()), applicability)
