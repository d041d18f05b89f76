"""nginx reads the head of an answer into one buffer, by default of a page (4k). Cookies, tokens
and Link fields make it larger; then nginx says 502 (error.log: "upstream sent too big header while
reading response header from upstream"), though the application answers.

Seen by asking the application itself; or in the log, where it answered so to a visitor.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, _location_edits, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked
from diagnose.parsers.nginx import error_log, server_blocks
from diagnose.parsers.nginx import proxy_headers as wire
from diagnose.parsers.nginx.server_blocks import Place

#: The gateways, by the directive that leads to each.
_PREFIXES = {
    "proxy_pass": "proxy", "fastcgi_pass": "fastcgi", "uwsgi_pass": "uwsgi", "scgi_pass": "scgi",
}  # fmt: skip

#: What a head is taken to need of which nothing is known but that it was too large.
_GUESS = 3


@frozen
class Big:
    """A path whose answers are too big: the location, its buffer, what is known of the head."""

    path: str
    place: Place
    prefix: str
    limit: int
    asked: Asked | None
    lines: tuple[LogLine, ...]
    broken: tuple[Exchange, ...]


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.server-error",
        "upstream.none-live",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
    ],
)
def header_too_big(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    target = evidence.target
    said = error_log.about(
        evidence.of(LogLine), host=target.host, says=r"upstream sent too big header"
    )
    paths = dict.fromkeys((target.path.partition("?")[0], *(one.path for one in said)))
    met: set[int] = set()
    for path in paths:
        for place in nginx.places(path):
            found = _big(nginx, path, place, said)
            if found and id(place.location) not in met:
                met.add(id(place.location))
                yield _claim(nginx, found)


def _big(nginx: Nginx, path: str, place: Place, said: tuple[LogLine, ...]) -> Big | None:
    evidence, target = nginx.evidence, nginx.evidence.target
    prefix = next(
        (p for name, p in _PREFIXES.items() if server_blocks.children(place.location, name)), ""
    )
    if not prefix:
        return None
    given = place.one(f"{prefix}_buffer_size")
    limit = (wire.size(given.args[0]) if given and given.args else None) or wire.PAGE
    broken = tuple(
        one
        for one in evidence.of(Exchange)
        if one.purpose == "target" and one.port == target.port and one.status == 502
    )
    asked = next((one for one in evidence.of(Asked) if one.variant == "passed"), None)
    # What was logged before nginx last loaded its configuration may have been mended since.
    loaded = (nginx.master.loaded if nginx.master else None) or 0.0
    lines = tuple(one for one in said if one.path == path and (broken or one.when >= loaded))
    same = path == target.path.partition("?")[0]
    measured = asked if same and broken and asked and asked.head > limit else None
    if not lines and measured is None:
        return None
    return Big(path, place, prefix, limit, measured, lines, broken if same else ())


def _claim(nginx: Nginx, found: Big) -> Claim:
    port, asked = nginx.evidence.target.port, found.asked
    shown = found.place.one(f"{found.prefix}_buffer_size")
    passed = next(
        one for name in _PREFIXES for one in server_blocks.children(found.place.location, name)
    )
    needed = asked.head if asked else found.limit * _GUESS
    wanted = wire.buffers(found.prefix, found.place, needed)
    return Claim(
        about=Subject(port=port, path=found.path, text=where(shown or passed)),
        because=(
            *([asked] if asked else []),
            *found.lines,
            *found.broken,
            *([nginx.config] if nginx.config else []),
        ),
        facts={
            "path": found.path,
            "place": where(shown or passed),
            "directive": f"{found.prefix}_buffer_size",
            "set": shown is not None,
            "limit": found.limit,
            "size": asked.head if asked else "",
            "largest": tuple(f"{name} {amount}" for name, amount in asked.largest) if asked else (),
            "message": found.lines[-1].text if found.lines else "",
            "wanted": tuple(f"{name} {value}" for name, value in wanted.items()),
            "application": asked.end if asked else " ".join(passed.args[:1]),
        },
        # That other pages were cut off for somebody is true, and this one may be well.
        severity=None if found.broken else Severity.WARNING,
        confidence=Confidence.CERTAIN,
        ruled_out=("upstream.refused", "upstream.closed-early", "upstream.timeout"),
        location=nginx.location(shown or passed),
        fix=_fix(nginx, found.place, wanted),
    )


def _fix(nginx: Nginx, place: Place, wanted: dict[str, str]) -> Fix:
    made = _location_edits.settings(nginx, place, wanted)
    return (
        _location_edits.fix(nginx, place, made)
        if made
        else Fix(nginx.taken(), Applicability.REVIEW)
    )
